/**
 * Prometheus text 0.0.4 and OpenMetrics 1.0.
 *
 * Spec: https://prometheus.io/docs/instrumenting/exposition_formats/ and https://prometheus.io/docs/specs/om/open_metrics_spec/
 */

/** Labels and their values. */
export type Labels = readonly (readonly [label: string, value: string])[];

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

  /** One series of a histogram. The counts up to each bound are cumulative; the last bound is infinite. */
  histogram(
    name: string,
    labels: Labels,
    buckets: readonly (readonly [number, number])[],
    sum: number,
  ): void {
    for (const [bound, count] of buckets) {
      this.sample(`${name}_bucket`, [...labels, ["le", this.#bound(bound)]], count);
    }
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

/** What a label or a name may hold; all else is `_`. */
export function labelOf(key: string): string {
  const label = key.replaceAll(/[^A-Za-z0-9]/g, "_");
  return /^\d/.test(label) ? `key_${label}` : label;
}

/** Attributes as labels. Of two keys with one label the first stays. */
export function labelsOf(attributes: Readonly<Record<string, unknown>>): Labels {
  const labels = new Map<string, string>();
  for (const [key, value] of Object.entries(attributes)) {
    const label = labelOf(key);
    if (!labels.has(label)) labels.set(label, String(value));
  }
  return [...labels];
}
