/** The metrics of the program. A number takes the id of its attribute set from a tree, so that no object is made for it. */
import type { Place } from "../runtime/bridge.ts";
import { memberOf } from "../runtime/members.ts";
import type { Attributes, AttributeValue } from "../types/attributes.ts";
import type { Counter, Gauge, Histogram, MetricOptions } from "../types/metrics.ts";
import { boundedEntries } from "./attributes.ts";
import { addAttributes } from "./events.ts";
import type { RecordingHost } from "./recording-host.ts";
import { redactEntries } from "./redact.ts";
import { text } from "./values.ts";

/** The most instruments that are remembered, and the most nodes of all trees: a program has few. */
const INSTRUMENTS_MAX = 128;
const NODES_MAX = 4096;
/** Longer values are looked up by the engine each time. */
const VALUE_MAX = 256;

/** What `checkCarried` takes for numbers. */
const INSTRUMENTS = 4;
/** No id: the engine has to be asked. */
const UNKNOWN = -1;

const { hasOwnProperty: hasOwn } = Object.prototype;

/** One attribute after the other, in the order of a program's object, leads to the id of a series. */
interface Node {
  series: number;
  /** The attribute that has followed first, and where its values lead. Most nodes have this one. */
  key: string | undefined;
  values: Map<unknown, Node> | undefined;
  /** As `values`, by the key of every other attribute that has followed. */
  others: Map<string, Map<unknown, Node>> | undefined;
}

interface Instrument {
  readonly kind: number;
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  readonly methods: Counter & Gauge & Histogram;
  /** The id in the engine; undefined: it records nothing. */
  id: number | undefined;
  root: Node;
}

/** All instruments of a collector. None of its methods throws. */
export class Metrics {
  readonly #host: RecordingHost;
  readonly #current: () => Place | undefined;
  readonly #instruments = new Map<string, Instrument>();
  /** The instruments that the engine of `#generation` knows. */
  #registered = 0;
  #generation = UNKNOWN;
  #nodes = 0;

  /** `current` finds the running request. */
  constructor(host: RecordingHost, current: () => Place | undefined) {
    this.#host = host;
    this.#current = current;
  }

  /** The instrument of this kind and name: the same for the same name. `kind`: 0 counter, 1 gauge, 2 histogram. */
  instrument(kind: number, name: unknown, options: unknown): Counter & Gauge & Histogram {
    const own = typeof name === "string" ? text(name) : "";
    const key = kind + own.toLowerCase();
    let known = this.#instruments.get(key);
    if (known === undefined) {
      known = this.#create(kind, own, options);
      if (this.#instruments.size < INSTRUMENTS_MAX) this.#instruments.set(key, known);
      if (this.#host.engine.isRunning) this.#register();
    }
    return known.methods;
  }

  #create(kind: number, name: string, options: unknown): Instrument {
    const record = (value: number, attributes?: Attributes) => this.#record(instrument, value, attributes);
    const [unit, description] = ["unit", "description"].map((option) => textOf(options, option));
    const methods = Object.freeze(kind === 0 ? { add: record } : { record });
    const instrument = { kind, name, unit, description, methods, id: undefined, root: node() } as Instrument;
    return instrument;
  }

  #record(instrument: Instrument, value: unknown, attributes: unknown): void {
    try {
      if (typeof value === "number") {
        const series = find(instrument.root, attributes);
        if (series !== UNKNOWN && this.#measure(series, value)) return;
      }
      if (this.#recordUnknown(instrument, value, attributes)) return;
    } catch {
      // The stack is full.
    }
    this.#host.engine.unmeasured += 1;
  }

  /** The first number of a set, of an instrument or of an engine. Returns false for one that cannot be recorded. */
  #recordUnknown(instrument: Instrument, value: unknown, attributes: unknown): boolean {
    const { engine } = this.#host;
    // This configures the collector where the host has no env of its own. A number that is refused takes no attribute set.
    if (!isUsable(instrument, value) || !this.#host.isReady()) return false;
    const { attributes: entries, truncated: cut } = boundedEntries(attributes);
    this.#register();
    const { id } = instrument;
    if (id === undefined) return false;
    const [kept, failed] = redactEntries(this.#host, entries);
    const truncated = cut + failed;
    const series = engine.call(UNKNOWN, (core) => {
      addAttributes(core, kept, truncated);
      return core.series(id);
    });
    this.#host.checkCarried(INSTRUMENTS);
    if (series === UNKNOWN) return false;
    if (truncated === 0) this.#remember(instrument.root, entries, series);
    return this.#measure(series, value);
  }

  #measure(series: number, value: number): boolean {
    return this.#host.measure(this.#generation, series, value, this.#current);
  }

  /** Makes the instruments known to the engine, in the order in which they were made: the first of a name has it. */
  #register(): void {
    const { engine } = this.#host;
    // A failed engine is replaced now: the ids of the new one are others.
    engine.call(undefined, () => undefined);
    if (this.#generation !== engine.generation) {
      this.#generation = engine.generation;
      this.#registered = 0;
      this.#nodes = 0;
      for (const instrument of this.#instruments.values()) {
        instrument.id = undefined;
        instrument.root = node();
      }
    }
    if (this.#registered === this.#instruments.size) return;
    for (const instrument of [...this.#instruments.values()].slice(this.#registered)) {
      this.#registered += 1;
      const { kind, name, unit, description } = instrument;
      const id: unknown = engine.call(undefined, (core) => core.metric(kind, name, unit, description));
      if (typeof id === "number") {
        instrument.id = id;
        instrument.root.series = 2 * id;
      } else if (typeof id === "string") this.#host.warn(`${id}; it records nothing`);
    }
  }

  /** Adds an attribute set to the tree. Overflow sets are not remembered: their number has no end. */
  #remember(root: Node, entries: readonly (readonly [string, unknown])[], series: number): void {
    if (isOverflow(series) || this.#nodes + entries.length > NODES_MAX) return;
    if (entries.some(([, value]) => typeof value === "string" && value.length > VALUE_MAX)) return;
    let at = root;
    for (const [key, value] of entries) {
      at.key ??= key;
      const values = valuesOf(at, key) ?? new Map<unknown, Node>();
      if (key === at.key) at.values = values;
      else at.others = (at.others ?? new Map()).set(key, values);
      const next = values.get(value) ?? node();
      if (!values.has(value)) this.#nodes += 1;
      values.set(value, next);
      at = next;
    }
    at.series = series;
  }
}

function isUsable({ kind }: Instrument, value: unknown): value is number {
  return Number.isFinite(value) && (kind !== 0 || (value as number) >= 0);
}

function node(): Node {
  return { series: UNKNOWN, key: undefined, values: undefined, others: undefined };
}

function valuesOf(at: Node, key: string): Map<unknown, Node> | undefined {
  return key === at.key ? at.values : at.others?.get(key);
}

/** See `SeriesId` of the engine. */
function isOverflow(series: number): boolean {
  return series < 128 && series % 2 === 1;
}

/** The id of an attribute set that was recorded before. */
function find(root: Node, attributes: unknown): number {
  let at = root;
  if (attributes === undefined) return at.series;
  try {
    for (const key in attributes as object) {
      // Within for…in engines know the answer of this one, and not that of Object.hasOwn.
      if (!hasOwn.call(attributes, key)) continue;
      const value = (attributes as Record<string, AttributeValue>)[key];
      if (value === undefined) continue;
      const next = valuesOf(at, key)?.get(value);
      if (next === undefined) return UNKNOWN;
      at = next;
    }
    return typeof attributes === "object" ? at.series : UNKNOWN;
  } catch {
    return UNKNOWN;
  }
}

function textOf(options: unknown, name: string): string {
  try {
    const value = memberOf(options as MetricOptions, name);
    return typeof value === "string" ? text(value) : "";
  } catch {
    return "";
  }
}
