/** uPlot, as all charts use it. */
import uPlot from "uplot";
import { shortClock } from "../format.ts";
import { colorOf, tintOf } from "./palette.ts";
import type { ChartSpec } from "./spec.ts";

const HEIGHT = 156;
const FONT = "11px Inter, system-ui, sans-serif";
/** Slots of which there are several a pixel, so that lines are thin. */
const CROWD = 300;
/** Charts with the same key have one cursor. */
const SYNC = "tide";

type Values = readonly (number | null)[];

export class Plot {
  readonly #plot: uPlot;
  #width = 0;

  /** `onCursor` gets the slot that the cursor is at; undefined: there is none. */
  constructor(spec: ChartSpec, root: HTMLElement, onCursor: (at: number | undefined) => void) {
    this.#plot = new uPlot(
      optionsOf(spec, () => onCursor(this.index)),
      [[], ...spec.lines.map(() => [])],
      root,
    );
    new ResizeObserver(() => this.#fit(root)).observe(root);
  }

  get index(): number | undefined {
    const { idx, left } = this.#plot.cursor;
    return idx === null || idx === undefined || left === undefined || left < 0 ? undefined : idx;
  }

  get length(): number {
    return this.#plot.data[0].length;
  }

  update(seconds: readonly number[], lines: readonly Values[]): void {
    const width = seconds.length > CROWD ? 1 : 1.5;
    for (const series of this.#plot.series) series.width = width;
    this.#plot.setData([[...seconds], ...lines.map((line) => [...line])]);
  }

  redraw(): void {
    this.#plot.redraw(false);
  }

  /** Moves the cursor of this chart, and with it that of the others. Undefined: away. */
  point(at: number | undefined): void {
    const seconds = at === undefined ? undefined : this.#plot.data[0][at];
    const left = seconds === undefined ? -10 : this.#plot.valToPos(seconds, "x");
    // The third argument, which its types lack: the others follow.
    const move = this.#plot.setCursor as (to: object, fires: boolean, publishes: boolean) => void;
    move({ left, top: left < 0 ? -10 : 10 }, true, true);
  }

  #fit(root: HTMLElement): void {
    const width = Math.floor(root.clientWidth);
    if (width === this.#width || width === 0) return;
    this.#width = width;
    this.#plot.setSize({ width, height: HEIGHT });
  }
}

function optionsOf(spec: ChartSpec, onCursor: () => void): uPlot.Options {
  return {
    width: 300,
    height: HEIGHT,
    padding: [8, 6, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, sync: { key: SYNC }, points: { size: 7, width: 2 } },
    scales: { y: { range: (_plot, _least, most) => [0, Math.max(most ?? 0, spec.least) * 1.12] } },
    axes: [
      axis({ size: 24, space: 64, values: (_plot, splits) => splits.map((s) => shortClock(s * 1000)) }),
      yAxis(spec),
    ],
    series: [{}, ...spec.lines.map((line) => seriesOf(spec, line))],
    hooks: { setCursor: [onCursor] },
  };
}

function yAxis({ axis: textOf }: ChartSpec): uPlot.Axis {
  return {
    ...axis({
      size: 52,
      space: 36,
      gap: 6,
      values: (_plot, splits) => splits.map((n) => (n === 0 ? "0" : textOf(n))),
    }),
    grid: { stroke: () => colorOf("grid"), width: 1 },
  };
}

function axis(more: uPlot.Axis): uPlot.Axis {
  return {
    stroke: () => colorOf("axis"),
    font: FONT,
    grid: { show: false },
    ticks: { show: false },
    ...more,
  };
}

function seriesOf({ isFilled }: ChartSpec, { tone, dash }: ChartSpec["lines"][number]): uPlot.Series {
  return {
    stroke: () => colorOf(tone),
    ...(isFilled && { fill: () => tintOf(tone) }),
    ...(dash && { dash }),
    // A slot between two without a value has no line.
    points: {
      show: true,
      size: 4,
      width: 0,
      fill: () => colorOf(tone),
      filter: (plot, series) => alone(plot, series),
    },
  };
}

function alone(plot: uPlot, series: number): number[] {
  const values = plot.data[series] as Values;
  const isAt = (at: number) => (values[at] ?? null) !== null;
  return values.flatMap((_, at) => (isAt(at) && !isAt(at - 1) && !isAt(at + 1) ? [at] : []));
}
