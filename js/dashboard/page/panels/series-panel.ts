/** The tables of routes, functions and statements, behind tabs. */
import { el, type Part, setText } from "../dom.ts";
import { count } from "../format.ts";
import type { State } from "../state.ts";
import { TABS, tabOf } from "./series-columns.ts";
import { SeriesTable } from "./series-table.ts";

export class SeriesPanel implements Part<State> {
  readonly root: HTMLElement;
  readonly #tables = TABS.map((tab) => new SeriesTable(tab));
  readonly #counts = TABS.map(() => el("small"));
  readonly #buttons: readonly HTMLButtonElement[];

  constructor() {
    this.#buttons = TABS.map(({ kind, label }, at) => {
      const attributes = { type: "button", role: "tab", id: `tab-${kind}`, "aria-controls": `panel-${kind}` };
      const button = el("button", attributes, label, " ", this.#counts[at]);
      button.addEventListener("click", () => this.#select(at));
      button.addEventListener("keydown", ({ key }) => this.#move(key, at));
      return button;
    });
    for (const [at, { root }] of this.#tables.entries()) {
      const { kind } = TABS[at] as (typeof TABS)[number];
      root.setAttribute("role", "tabpanel");
      root.setAttribute("aria-labelledby", `tab-${kind}`);
      root.id = `panel-${kind}`;
    }
    const tabs = el(
      "div",
      { class: "tabs", role: "tablist", "aria-label": "What is measured" },
      ...this.#buttons,
    );
    this.root = el("section", { class: "card" }, tabs, ...this.#tables.map(({ root }) => root));
    this.#select(0);
  }

  update({ view }: State): void {
    for (const [at, { kind }] of TABS.entries()) {
      const own = view.stats.series.filter((series) => tabOf(series.kind) === kind);
      this.#tables[at]?.update(own);
      setText(this.#counts[at] as HTMLElement, count(own.length));
    }
  }

  #select(chosen: number): void {
    for (const [at, button] of this.#buttons.entries()) {
      button.setAttribute("aria-selected", String(at === chosen));
      button.tabIndex = at === chosen ? 0 : -1;
      (this.#tables[at] as SeriesTable).root.hidden = at !== chosen;
    }
  }

  #move(key: string, from: number): void {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
    if (step === undefined) return;
    const to = (from + step + TABS.length) % TABS.length;
    this.#select(to);
    this.#buttons[to]?.focus();
  }
}
