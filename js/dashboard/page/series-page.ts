/** The page of one route, function or statement. */
import type { SeriesKey, View } from "../../types/view.ts";
import { el, type Part, setText } from "./dom.ts";
import { timelineOf } from "./feed.ts";
import { ChartGroup } from "./panels/chart-group.ts";
import { ExceptionsPanel } from "./panels/exceptions.ts";
import { nameOf } from "./panels/series-columns.ts";
import { Tiles } from "./panels/tiles.ts";
import type { State } from "./state.ts";

const KINDS = { REQ: "Route", FN: "Function", DB: "Statement", _OTHER: "The rest" } as const;
/** Figures come oftener than a timeline is worth asking for. */
const ASK_MS = 4000;

export class SeriesPage implements Part<State> {
  readonly root: HTMLElement;
  readonly title: string;
  readonly #series: SeriesKey;
  readonly #tiles: Tiles;
  readonly #charts = new ChartGroup();
  readonly #exceptions = new ExceptionsPanel();
  readonly #note = el("p", { class: "muted" });
  #askedMs = 0;

  constructor(series: SeriesKey) {
    this.#series = series;
    this.#tiles = new Tiles(series.kind === "REQ" ? "Requests" : "Count");
    this.title = nameOf(series);
    const title = el("h1", { class: "title", tabindex: "-1" }, this.title);
    const way = el("p", { class: "way" }, el("a", { href: "#" }, "Overview"), " / ", KINDS[series.kind]);
    const parts = [way, title, this.#note, this.#tiles.root, this.#charts.root];
    this.root = el("div", { class: "stack" }, ...parts, series.kind === "REQ" && this.#exceptions.root);
  }

  update({ view }: State): void {
    const { kind, name } = this.#series;
    const figures = view.stats.series.find((each) => each.kind === kind && each.name === name);
    if (figures !== undefined) this.#tiles.update(figures);
    const coarse = "There was no room for its fine buckets: its percentiles are less exact than 1 %.";
    const gone = "Nothing in the last 15 minutes.";
    setText(this.#note, figures === undefined ? gone : figures.coarse ? coarse : "");
    this.#note.hidden = figures !== undefined && !figures.coarse;
    const exceptions = view.exceptions.filter(({ route }) => route === name);
    this.#exceptions.update({ exceptions, nowMs: view.nowMs });
    void this.#ask(view);
  }

  async #ask({ nowMs }: View): Promise<void> {
    if (nowMs - this.#askedMs < ASK_MS) return;
    this.#askedMs = nowMs;
    const timeline = await timelineOf(this.#series);
    if (timeline !== undefined) this.#charts.update(timeline, nowMs);
  }

  redraw(): void {
    this.#charts.redraw();
  }
}
