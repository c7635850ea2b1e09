/**
 * Prometheus text 0.0.4 and OpenMetrics 1.0.
 *
 * Spec: https://prometheus.io/docs/instrumenting/exposition_formats/ and https://prometheus.io/docs/specs/om/open_metrics_spec/
 */

import type { Labels } from "./names.ts";

export class Text {
  readonly #lines: string[] = [];
  readonly #openMetrics: boolean;

  constructor(openMetrics: boolean) {
    this.#openMetrics = openMetrics;
  }

  /** The lines before the samples of a metric. */
  family(name: string, kind: "counter" | "gauge" | "histogram" | "info", help: string): void {
    // In OpenMetrics the family of a counter or an info has no suffix; the other format has no infos.
    const family = this.#openMetrics ? name.replace(SUFFIXES[kind] ?? "", "") : name;
    const shown = this.#openMetrics ? escaped(help) : help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
    this.#lines.push(`# HELP ${family} ${shown}`);
    this.#lines.push(`# TYPE ${family} ${kind === "info" && !this.#openMetrics ? "gauge" : kind}`);
  }

  /** Nothing is written of a value that is not known. */
  sample(name: string, labels: Labels, value: number | null): void {
    if (value === null) return;
    const pairs = labels.map(([label, text]) => `${label}="${escaped(text)}"`).join(",");
    this.#lines.push(`${name}${pairs && `{${pairs}}`} ${value}`);
  }

  /** One series of a histogram. The counts up to each bound are cumulative; the last bound is infinite. No sum: no count. */
  histogram(
    name: string,
    labels: Labels,
    buckets: readonly (readonly [number, number])[],
    sum: number | null,
  ): void {
    for (const [bound, count] of buckets) {
      this.sample(`${name}_bucket`, [...labels, ["le", this.#bound(bound)]], count);
    }
    if (sum === null) return;
    this.sample(`${name}_sum`, labels, sum);
    this.sample(`${name}_count`, labels, buckets.at(-1)?.[1] ?? 0);
  }

  #bound(bound: number): string {
    if (!Number.isFinite(bound)) return "+Inf";
    // The canonical form of OpenMetrics.
    return this.#openMetrics && Number.isInteger(bound) && bound < 1e21 ? `${bound}.0` : `${bound}`;
  }

  toString(): string {
    return `${[...this.#lines, ...(this.#openMetrics ? ["# EOF"] : [])].join("\n")}\n`;
  }
}

const SUFFIXES: Readonly<Record<string, RegExp>> = { counter: /_total$/, info: /_info$/ };

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}
