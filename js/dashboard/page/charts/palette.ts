/** Colors for canvases, which do not know the style's variables. */

/** Names of variables in style.css. */
export type Tone = "requests" | "errors" | "p50" | "p95" | "p99" | "axis" | "grid";

const TONES: readonly Tone[] = ["requests", "errors", "p50", "p95", "p99", "axis", "grid"];
const probe = document.createElement("i");
let colors: ReadonlyMap<Tone, string> = new Map();

/** Reads the colors of the theme. They are known after it. */
export function readPalette(): void {
  probe.hidden = true;
  document.body.append(probe);
  colors = new Map(
    TONES.map((tone) => {
      probe.style.color = `var(--${tone})`;
      return [tone, getComputedStyle(probe).color];
    }),
  );
  probe.remove();
}

export const colorOf = (tone: Tone): string => colors.get(tone) ?? "";

/** The same color, nearly transparent. */
export function tintOf(tone: Tone): string {
  const parts = colorOf(tone).match(/[\d.]+/g) ?? [];
  return `rgba(${parts.slice(0, 3).join(", ")}, 0.13)`;
}
