/**
 * The names of Prometheus for those of OpenTelemetry: those of `src/encode/prometheus/names.rs`, so that a hub and a
 * collector say the same.
 *
 * Spec: https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
 */
import type { MetricHead } from "../figures/otlp.ts";

/** Labels and their values. */
export type Labels = readonly (readonly [label: string, value: string])[];

/** Attributes as labels. Of two keys with one label the first stays. An empty value is none. */
export function labelsOf(attributes: Readonly<Record<string, unknown>>): Labels {
  const labels = new Map<string, string>();
  for (const [key, value] of Object.entries(attributes)) {
    const label = labelOf(key);
    if (value !== "" && !labels.has(label)) labels.set(label, String(value));
  }
  return [...labels];
}

/** The label for an attribute. One that Prometheus itself sets gets the prefix that Prometheus would give it. */
function labelOf(key: string): string {
  const label = underscored(key);
  if (label === "le" || label === "instance" || label === TWIN) return `exported_${label}`;
  if (/^(\d|$)/.test(label)) return `key_${label}`;
  return label.startsWith("__") ? `key${label}` : label;
}

/**
 * Tells series of one family apart whose labels are the same. Attributes that differ in their type alone, or in what no
 * label may hold, have the same labels, and Prometheus takes no series twice.
 */
export function distinct(): (labels: Labels) => Labels {
  const seen = new Map<string, number>();
  return (labels) => {
    const key = JSON.stringify([...labels].sort(([a], [b]) => (a < b ? -1 : 1)));
    const twins = seen.get(key) ?? 0;
    seen.set(key, twins + 1);
    return twins === 0 ? labels : [...labels, [TWIN, String(twins)]];
  };
}

/** The name of the family: with its unit, and `_total` for a counter. */
export function familyName({ name: given, unit, kind }: MetricHead): string {
  const name = underscored(given);
  const isCounter = kind === "counter";
  const bare = isCounter ? name.replace(/_total$/, "") : name;
  const spelled = unit === "1" ? (kind === "gauge" ? "ratio" : "") : unitOf(unit);
  const hasUnit = spelled === "" || bare === spelled || bare.endsWith(`_${spelled}`);
  return `${bare}${hasUnit ? "" : `_${spelled}`}${isCounter ? "_total" : ""}`;
}

function unitOf(unit: string): string {
  const [, of = "", per = ""] = /^([^/]*)\/?(.*)$/s.exec(unit) ?? [];
  const [counted, each] = [word(of), word(per).replace(/s$/, "")];
  if (each === "") return counted;
  return counted === "" ? `per_${each}` : `${counted}_per_${each}`;
}

/** What is counted stands in braces, and is no unit. */
const word = (unit: string): string =>
  unit.startsWith("{") ? "" : underscored(UNITS.get(unit) ?? unit).replaceAll(/^_+|_+$/g, "");

const underscored = (text: string): string => text.replaceAll(/[^A-Za-z0-9]/gu, "_");

/** The names that the families before have. */
export class Taken {
  readonly #names = new Set<string>();
  readonly #openMetrics: boolean;

  constructor(openMetrics: boolean) {
    this.#openMetrics = openMetrics;
  }

  /** Takes the names of a family and of its samples. False, and nothing: one of them is taken. */
  takes(name: string, kind: MetricHead["kind"]): boolean {
    const own = [name];
    if (kind === "histogram") own.push(`${name}_bucket`, `${name}_sum`, `${name}_count`);
    if (this.#openMetrics) {
      // There a family is named without these, and may say when its series were created.
      const family = name.replace(/_(total|info)$/, "");
      own.push(family);
      if (kind !== "gauge") own.push(`${family}_created`);
    }
    const isFree = !own.some((known) => this.#names.has(known));
    if (isFree) for (const known of own) this.#names.add(known);
    return isFree;
  }
}

/** The label that tells series with the same labels apart. */
const TWIN = "tidegate_twin";

/** Units that Prometheus writes out. */
const UNITS: ReadonlyMap<string, string> = new Map([
  ["1", ""],
  ["%", "percent"],
  ["By", "bytes"],
  ["s", "seconds"],
  ["ms", "milliseconds"],
  ["us", "microseconds"],
  ["min", "minutes"],
  ["h", "hours"],
]);
