/** 15 minutes, or 24 hours where the source keeps them. */
import { el } from "./dom.ts";
import type { Range } from "./state.ts";

const LABELS: Readonly<Record<Range, string>> = { window: "15 min", day: "24 h" };

export class RangeSwitch {
  readonly root: HTMLElement;
  readonly #buttons: ReadonlyMap<Range, HTMLButtonElement>;
  range: Range = "window";

  constructor(onChange: () => void) {
    const ranges = Object.keys(LABELS) as Range[];
    this.#buttons = new Map(ranges.map((range) => [range, el("button", { type: "button" }, LABELS[range])]));
    for (const [range, button] of this.#buttons) {
      button.addEventListener("click", () => {
        this.range = range;
        this.#show();
        onChange();
      });
    }
    this.root = el(
      "div",
      { class: "switch", role: "group", "aria-label": "Range" },
      ...this.#buttons.values(),
    );
    this.#show();
  }

  /** Without a day there is nothing to switch. */
  update(hasDay: boolean): void {
    this.root.hidden = !hasDay;
    if (!hasDay) this.range = "window";
  }

  #show(): void {
    for (const [range, button] of this.#buttons)
      button.setAttribute("aria-pressed", String(range === this.range));
  }
}
