/** A line without axes: how often, over the window. Its figures stand beside it. */
import { setAttribute, svg } from "../dom.ts";

const WIDTH = 88;
const HEIGHT = 20;

export class Sparkline {
  readonly root: SVGElement;
  readonly #line = svg("path", { class: "line" });
  readonly #area = svg("path", { class: "area" });

  constructor() {
    const box = { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: String(WIDTH), height: String(HEIGHT) };
    this.root = svg("svg", { class: "spark", "aria-hidden": "true", ...box }, this.#area, this.#line);
  }

  update(values: readonly number[]): void {
    const most = Math.max(...values, 1);
    const step = WIDTH / Math.max(values.length - 1, 1);
    const points = values.map((n, at) => {
      return `${(at * step).toFixed(1)} ${(HEIGHT - 1 - (n / most) * (HEIGHT - 3)).toFixed(1)}`;
    });
    const path = points.length === 0 ? "" : `M${points.join("L")}`;
    setAttribute(this.#line, "d", path);
    setAttribute(this.#area, "d", path && `${path}L${WIDTH} ${HEIGHT}L0 ${HEIGHT}Z`);
  }
}
