/** One chart: its lines, their values at the cursor, and its table. */

import { el, type Part, setAttribute, setText } from "../dom.ts";
import { clock } from "../format.ts";
import type { Slot } from "../state.ts";
import { ChartTable } from "./chart-table.ts";
import { addKeys } from "./cursor.ts";
import { Plot } from "./plot.ts";
import type { ChartLine, ChartSpec } from "./spec.ts";

let made = 0;

export class Chart implements Part<readonly Slot[]> {
  readonly root: HTMLElement;
  readonly #spec: ChartSpec;
  readonly #plot: Plot;
  readonly #table: ChartTable;
  readonly #slider: HTMLElement;
  readonly #time = el("span", { class: "chart-time" });
  readonly #values: readonly HTMLElement[];
  #slots: readonly Slot[] = [];

  constructor(spec: ChartSpec) {
    this.#spec = spec;
    this.#values = spec.lines.map(() => el("b"));
    made += 1;
    const slider = { class: "plot", role: "slider", tabindex: "0", "aria-label": `${spec.title}, cursor` };
    this.#slider = el("div", { ...slider, "aria-valuemin": "0" });
    this.#table = new ChartTable(spec, `chart-table-${made}`);
    const body = el("div", { class: "chart-body" }, this.#slider, this.#table.root);
    this.root = el("section", { class: "card chart", "aria-label": spec.title }, this.#head(), body);
    this.#plot = new Plot(spec, this.#slider, (at) => this.#showAt(at));
    addKeys(this.#slider, this.#plot);
  }

  #head(): HTMLElement {
    const { title, unit, lines } = this.#spec;
    const legend = lines.map(({ label, tone }, at) =>
      el("span", { class: `key ${tone}` }, el("i"), lines.length > 1 && label, this.#values[at]),
    );
    const name = el("h2", {}, title, " ", el("small", {}, unit));
    return el(
      "header",
      {},
      name,
      this.#table.toggle(this.#slider),
      el("div", { class: "legend" }, ...legend, this.#time),
    );
  }

  update(slots: readonly Slot[]): void {
    this.#slots = slots;
    const { lines } = this.#spec;
    this.#plot.update(
      slots.map(({ startMs }) => startMs / 1000),
      lines.map((line) => slots.map((slot) => line.valueOf(slot))),
    );
    setAttribute(this.#slider, "aria-valuemax", String(Math.max(slots.length - 1, 0)));
    this.#table.update(slots);
    this.#showAt(this.#plot.index);
  }

  /** Colors are read when a chart is drawn. */
  redraw(): void {
    this.#plot.redraw();
  }

  /** Undefined: nobody points at a slot, and the newest with a value is shown. */
  #showAt(at: number | undefined): void {
    const { lines, format, title } = this.#spec;
    const slot = at === undefined ? undefined : this.#slots[at];
    const texts = lines.map((line) => format(slot ? line.valueOf(slot) : newest(this.#slots, line)));
    for (const [n, text] of texts.entries()) setText(this.#values[n] as HTMLElement, text);
    setText(this.#time, slot === undefined ? "" : clock(slot.startMs));
    setAttribute(this.#slider, "aria-valuenow", String(at ?? Math.max(this.#slots.length - 1, 0)));
    const named = texts.map((text, n) => (lines.length > 1 ? `${lines[n]?.label} ${text}` : text)).join(", ");
    const when = slot === undefined ? "newest" : clock(slot.startMs);
    setAttribute(this.#slider, "aria-valuetext", `${title} ${when}: ${named}`);
  }
}

function newest(slots: readonly Slot[], line: ChartLine): number | null {
  for (let at = slots.length - 1; at >= 0; at -= 1) {
    const value = line.valueOf(slots[at] as Slot);
    if (value !== null) return value;
  }
  return null;
}
