/** The figures of a chart as a table, the newest first. */

import { el, setText } from "../dom.ts";
import { clock } from "../format.ts";
import type { Slot } from "../state.ts";
import type { ChartSpec } from "./spec.ts";

export class ChartTable {
  readonly root: HTMLElement;
  readonly #spec: ChartSpec;
  readonly #rows = el("tbody");
  #slots: readonly Slot[] = [];

  constructor(spec: ChartSpec, id: string) {
    this.#spec = spec;
    const labels = ["time", spec.counted.label, ...spec.lines.map(({ label }) => label)];
    const head = el("tr", {}, ...labels.map((label) => el("th", { scope: "col" }, label)));
    const caption = el("caption", { class: "unseen" }, `${spec.title}, ${spec.unit}`);
    const table = el("table", {}, caption, el("thead", {}, head), this.#rows);
    const region = { class: "chart-table scroll", tabindex: "0", role: "region", id };
    this.root = el("div", { ...region, "aria-label": `${spec.title} as a table` }, table);
    this.root.hidden = true;
  }

  /** A button that shows the table in the place of `chart`. */
  toggle(chart: HTMLElement): HTMLElement {
    const button = el("button", { type: "button", class: "quiet", "aria-controls": this.root.id }, "Table");
    const show = (isTable: boolean) => {
      this.root.hidden = !isTable;
      chart.hidden = isTable;
      button.setAttribute("aria-pressed", String(isTable));
      this.#fill();
    };
    show(false);
    button.addEventListener("click", () => show(this.root.hidden === true));
    return button;
  }

  update(slots: readonly Slot[]): void {
    this.#slots = slots;
    this.#fill();
  }

  /** Only while it is seen. Rows stay, their texts change. */
  #fill(): void {
    if (this.root.hidden) return;
    while (this.#rows.rows.length > this.#slots.length) this.#rows.deleteRow(-1);
    for (const [at, slot] of this.#slots.toReversed().entries()) {
      const row = this.#rows.rows[at] ?? this.#rows.insertRow();
      for (const [n, text] of this.#textsOf(slot).entries()) setText(row.cells[n] ?? row.insertCell(), text);
    }
  }

  #textsOf(slot: Slot): string[] {
    const { counted, lines, format } = this.#spec;
    return [clock(slot.startMs), counted.textOf(slot), ...lines.map((line) => format(line.valueOf(slot)))];
  }
}
