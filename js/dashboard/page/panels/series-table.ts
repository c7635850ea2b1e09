/** Routes, functions or statements: one row each, in the order that is asked for. */
import type { SeriesStats } from "../../../types/stats.ts";
import { Sparkline } from "../charts/sparkline.ts";
import { el, KeyedParts, type Part, setText } from "../dom.ts";
import { hashOf } from "../location.ts";
import { ERRORS_WARN_PCT } from "../verdict.ts";
import { empty, scroller } from "./card.ts";
import { More } from "./more.ts";
import { type Column, nameOf, type Tab } from "./series-columns.ts";

export class SeriesTable implements Part<readonly SeriesStats[]> {
  readonly root: HTMLElement;
  readonly #tab: Tab;
  readonly #rows: KeyedParts<SeriesStats>;
  readonly #heads: readonly HTMLElement[];
  readonly #scroller: HTMLElement;
  readonly #empty: HTMLElement;
  readonly #more = new More(() => this.#show());
  #series: readonly SeriesStats[] = [];
  #by: Column;
  #isDescending = true;

  constructor(tab: Tab) {
    this.#tab = tab;
    this.#by = tab.columns[0] as Column;
    this.#heads = tab.columns.map((column) => this.#head(column));
    const body = el("tbody");
    this.#rows = new KeyedParts(body, () => new Row(tab));
    const lead = [el("th", { scope: "col" }, "name"), el("th", { scope: "col", class: "line" }, "15 min")];
    const head = el("thead", {}, el("tr", {}, ...lead, ...this.#heads));
    this.#scroller = scroller(tab.label, el("table", { class: "series" }, head, body));
    this.#empty = empty(tab.empty);
    this.root = el("div", {}, this.#empty, this.#scroller, this.#more.root);
  }

  #head(column: Column): HTMLElement {
    const button = el("button", { type: "button", title: column.about }, column.label);
    button.addEventListener("click", () => {
      this.#isDescending = this.#by === column ? !this.#isDescending : true;
      this.#by = column;
      this.#show();
    });
    return el("th", { scope: "col", class: "number" }, button);
  }

  update(series: readonly SeriesStats[]): void {
    this.#series = series;
    this.#show();
  }

  #show(): void {
    const sign = this.#isDescending ? -1 : 1;
    const sorted = this.#series.toSorted((a, b) => sign * (this.#by.valueOf(a) - this.#by.valueOf(b)));
    this.#rows.update(this.#more.cut(sorted), ({ kind, name }) => `${kind} ${name}`);
    for (const [at, column] of this.#tab.columns.entries()) {
      const order = this.#isDescending ? "descending" : "ascending";
      this.#heads[at]?.setAttribute("aria-sort", column === this.#by ? order : "none");
    }
    this.#empty.hidden = sorted.length > 0;
    this.#scroller.hidden = sorted.length === 0;
  }
}

class Row implements Part<SeriesStats> {
  readonly root: HTMLElement;
  readonly #tab: Tab;
  readonly #link = el("a");
  readonly #line = new Sparkline();
  readonly #cells: readonly HTMLElement[];

  constructor(tab: Tab) {
    this.#tab = tab;
    this.#cells = tab.columns.map(() => el("td", { class: "number" }));
    const name = el("th", { scope: "row", class: "name" }, this.#link);
    this.root = el("tr", {}, name, el("td", { class: "line" }, this.#line.root), ...this.#cells);
  }

  update(series: SeriesStats): void {
    setText(this.#link, nameOf(series));
    this.#link.title = nameOf(series);
    this.#link.href = hashOf(series);
    this.#line.update(series.sparkline.slots);
    for (const [at, column] of this.#tab.columns.entries()) {
      setText(this.#cells[at] as HTMLElement, column.textOf(series));
      if (column.label === "errors")
        this.#cells[at]?.classList.toggle("failing", series.errorPct >= ERRORS_WARN_PCT);
    }
  }
}
