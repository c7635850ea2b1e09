/** The cursor of a chart by the keyboard. */
import type { Plot } from "./plot.ts";

/** Arrows move by one slot, Page keys by ten, Home and End to the ends, Escape takes it away. */
export function addKeys(slider: HTMLElement, plot: Plot): void {
  slider.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const to = target(event.key, plot.index, plot.length - 1);
    if (to === null) return;
    event.preventDefault();
    plot.point(to);
  });
  slider.addEventListener("blur", () => plot.point(undefined));
}

/** Null: the key means nothing here. Undefined: no slot. */
function target(key: string, at: number | undefined, last: number): number | undefined | null {
  const from = at ?? last + 1;
  const within = (n: number) => Math.min(Math.max(n, 0), last);
  const targets: Record<string, number | undefined> = {
    ArrowLeft: within(from - 1),
    ArrowDown: within(from - 1),
    ArrowRight: within(from + 1),
    ArrowUp: within(from + 1),
    PageUp: within(from + 10),
    PageDown: within(from - 10),
    Home: 0,
    End: last,
    Escape: undefined,
  };
  return Object.hasOwn(targets, key) ? targets[key] : null;
}
