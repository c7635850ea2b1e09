/** The three charts of one timeline. */
import type { Timeline } from "../../../types/stats.ts";
import { Chart } from "../charts/chart.ts";
import { CHARTS } from "../charts/spec.ts";
import { el } from "../dom.ts";
import { slotsOf } from "../state.ts";

export class ChartGroup {
  readonly root: HTMLElement;
  readonly #charts: readonly Chart[] = CHARTS.map((spec) => new Chart(spec));

  constructor() {
    this.root = el("div", { class: "charts" }, ...this.#charts.map(({ root }) => root));
  }

  update(timeline: Timeline, nowMs: number): void {
    const slots = slotsOf(timeline, nowMs);
    for (const chart of this.#charts) chart.update(slots);
  }

  redraw(): void {
    for (const chart of this.#charts) chart.redraw();
  }
}
