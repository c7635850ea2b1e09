/** The page of the whole. */
import { el, type Part, setText } from "./dom.ts";
import { ChartGroup } from "./panels/chart-group.ts";
import { ExceptionsPanel } from "./panels/exceptions.ts";
import { METRIC_HEADS, metricRows, NO_METRICS } from "./panels/metrics.ts";
import { RowsPanel } from "./panels/rows.ts";
import { SeriesPanel } from "./panels/series-panel.ts";
import { ledgerOf, NO_SINKS, SINK_HEADS, sinkRows } from "./panels/sinks.ts";
import { Tiles } from "./panels/tiles.ts";
import { NO_VERSIONS, VERSION_HEADS, versionRows } from "./panels/versions.ts";
import type { RangeSwitch } from "./range-switch.ts";
import type { State } from "./state.ts";

export class Overview implements Part<State> {
  readonly root: HTMLElement;
  /** The sentence names the page. */
  readonly title: string | undefined = undefined;
  readonly #tiles = new Tiles();
  readonly #charts = new ChartGroup();
  readonly #series = new SeriesPanel();
  readonly #exceptions = new ExceptionsPanel();
  readonly #metrics = new RowsPanel("Metrics", METRIC_HEADS, NO_METRICS);
  readonly #ledger = el("p", { class: "muted ledger" });
  readonly #sinks = new RowsPanel("Sinks", SINK_HEADS, NO_SINKS, this.#ledger);
  readonly #versions = new RowsPanel("Versions", VERSION_HEADS, NO_VERSIONS);

  constructor(range: RangeSwitch) {
    const columns = el("div", { class: "columns" }, this.#sinks.root, this.#versions.root);
    const parts = [this.#tiles.root, range.root, this.#charts.root, this.#series.root, this.#exceptions.root];
    this.root = el("div", { class: "stack" }, ...parts, columns, this.#metrics.root);
  }

  update(state: State): void {
    const { view, range } = state;
    this.#tiles.update(view.stats);
    this.#charts.update((range === "day" && view.day) || view.timeline, view.nowMs);
    this.#series.update(state);
    this.#exceptions.update(view);
    this.#metrics.update(metricRows(view.metrics));
    this.#sinks.update(sinkRows(view.counters));
    setText(this.#ledger, ledgerOf(view.counters));
    this.#versions.update(versionRows(view.versions, view.nowMs));
  }

  redraw(): void {
    this.#charts.redraw();
  }
}
