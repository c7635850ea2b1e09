/** The figures of the window in a row. */
import type { Figures } from "../../../types/stats.ts";
import { el, type Part, setText } from "../dom.ts";
import { count, duration, percent, rate } from "../format.ts";
import { ERRORS_WARN_PCT } from "../verdict.ts";

const TILES: readonly (readonly [label: string, textOf: (figures: Figures) => string])[] = [
  ["Requests", (figures) => count(figures.count)],
  ["Rate", ({ rps }) => rate(rps)],
  ["Errors", ({ errorPct, count: n }) => percent(n === 0 ? null : errorPct)],
  ["p50", ({ p50Ms }) => duration(p50Ms)],
  ["p95", ({ p95Ms }) => duration(p95Ms)],
  ["p99", ({ p99Ms }) => duration(p99Ms)],
  ["Longest", ({ maxMs }) => duration(maxMs)],
];

export class Tiles implements Part<Figures> {
  readonly root: HTMLElement;
  readonly #values: readonly HTMLElement[];

  /** `first`: what is counted. */
  constructor(first = "Requests") {
    this.#values = TILES.map(() => el("dd"));
    const tiles = TILES.map(([label], at) =>
      el("div", {}, el("dt", {}, at === 0 ? first : label), this.#values[at]),
    );
    this.root = el("dl", { class: "tiles card" }, ...tiles);
  }

  update(figures: Figures): void {
    for (const [at, [label, textOf]] of TILES.entries()) {
      setText(this.#values[at] as HTMLElement, textOf(figures));
      if (label === "Errors")
        this.#values[at]?.classList.toggle("failing", figures.errorPct >= ERRORS_WARN_PCT);
    }
  }
}
