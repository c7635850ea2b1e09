/** The figures of a service, which add up: of pushes in the hub, and of shards in a reader. */
import { TidegateError } from "../../types/error.ts";
import type { RecentException } from "../../types/stats.ts";
import { Day, type Minute } from "./day.ts";
import { joined, jsonBytes, jsonOf, split } from "./frames.ts";
import { type MetricsJson, MetricTotals } from "./metric-totals.ts";
import type { Push } from "./push.ts";
import { addTally, emptyTally, type Tally } from "./tally.ts";
import { Window } from "./window.ts";

/** A version of the service that is known. */
interface Version {
  readonly window: Window;
  lastMs: number;
}

/** What is in the first part of the bytes. The windows follow: of all requests, then of each version. */
export interface ServiceHead {
  readonly v: 1;
  readonly name: string | undefined;
  /** When the first push came, and the last one. 0: there was none. */
  readonly firstMs: number;
  readonly lastMs: number;
  readonly clockMs: number;
  readonly tally: Tally;
  readonly refused: Refused;
  readonly metrics: MetricsJson;
  readonly exceptions: readonly RecentException[];
  readonly day: readonly [minutes: readonly Minute[], nextMs: number];
  readonly versions: readonly (readonly [version: string, lastMs: number])[];
}

/** Pushes that were not counted. */
export interface Refused {
  late: number;
  ahead: number;
  full: number;
  damaged: number;
}

export class Service {
  readonly window: Window;
  readonly metrics: MetricTotals;
  readonly day: Day = new Day();
  readonly versions: Map<string, Version> = new Map();
  readonly tally: Tally = emptyTally();
  readonly refused: Refused = { late: 0, ahead: 0, full: 0, damaged: 0 };
  exceptions: RecentException[] = [];
  name: string | undefined;
  firstMs = 0;
  lastMs = 0;

  /** `metricSeries`: sets of attributes in all. */
  constructor(metricSeries: number) {
    this.metrics = new MetricTotals(metricSeries);
    this.window = new Window();
  }

  /** Whether a part of it was lost with the WebAssembly instance. */
  get isLost(): boolean {
    return this.window.isLost || [...this.versions.values()].some(({ window }) => window.isLost);
  }

  /** Adds a push. Throws TidegateError if its statistics are damaged; nothing has changed then. */
  add({ service, stats, measured, exceptions }: Push, atMs: number): void {
    this.day.take(this.window, atMs);
    this.window.merge(stats, atMs);
    const version = this.#versionOf(service.version ?? "");
    version.window.merge(stats, atMs);
    version.lastMs = atMs;
    this.metrics.add(measured);
    this.#addExceptions(exceptions);
    this.name = service.name ?? this.name;
    this.firstMs ||= atMs;
    this.lastMs = atMs;
  }

  #addExceptions(added: readonly RecentException[]): void {
    const all = [...this.exceptions, ...added].sort((a, b) => a.tsMs - b.tsMs);
    this.exceptions = all.slice(-EXCEPTIONS_MAX);
  }

  /** The version that was heard of least recently makes room for a new one. */
  #versionOf(name: string): Version {
    const known = this.versions.get(name);
    if (known !== undefined) return known;
    if (this.versions.size >= VERSIONS_MAX) {
      const [oldest] = [...this.versions].sort(([, a], [, b]) => a.lastMs - b.lastMs);
      oldest?.[1].window.clear();
      this.versions.delete(oldest?.[0] ?? "");
    }
    const made: Version = { window: new Window(1), lastMs: 0 };
    this.versions.set(name, made);
    return made;
  }

  /** Gives its memory back at once: there may be many of it in a short time. */
  clear(): void {
    for (const { window } of [this, ...this.versions.values()]) window.clear();
  }

  toBytes(more: object): Uint8Array<ArrayBuffer> {
    const versions = [...this.versions];
    const { name, firstMs, lastMs, tally, refused, exceptions } = this;
    const head: ServiceHead = {
      ...{ v: 1, name, firstMs, lastMs, tally, refused, exceptions },
      clockMs: this.window.clockMs,
      metrics: this.metrics.families(),
      day: this.day.toJSON(),
      versions: versions.map(([version, of]) => [version, of.lastMs]),
    };
    const windows = [this.window, ...versions.map(([, { window }]) => window)];
    return joined([jsonBytes({ ...head, ...more }), ...windows.map((window) => window.toBytes())]);
  }

  /** Adds what `toBytes` gave, here or in another shard. Returns its head. Throws TidegateError for other bytes. */
  restore(bytes: Uint8Array): ServiceHead {
    const [first, rest] = split(bytes, 1) as [Uint8Array, Uint8Array];
    const head = jsonOf(first) as ServiceHead;
    if (head.v !== 1) throw new TidegateError("hub/bytes", "a state of another version");
    const [all, ...versions] = split(rest, head.versions.length) as [Uint8Array, ...Uint8Array[]];
    this.#restoreWindow(this.window, all, head.clockMs);
    for (const [index, [name, lastMs]] of head.versions.entries()) {
      const version = this.#versionOf(name);
      this.#restoreWindow(version.window, versions[index] as Uint8Array, head.clockMs);
      version.lastMs = Math.max(version.lastMs, lastMs);
    }
    this.metrics.add(head.metrics);
    this.#addExceptions(head.exceptions);
    this.day.add(...head.day);
    addTally(this.tally, head.tally);
    for (const reason of Object.keys(this.refused) as (keyof Refused)[])
      this.refused[reason] += head.refused[reason] ?? 0;
    this.name = head.name ?? this.name;
    this.firstMs = Math.min(this.firstMs || head.firstMs, head.firstMs || this.firstMs);
    this.lastMs = Math.max(this.lastMs, head.lastMs);
    return head;
  }

  /** A window that another version of this package wrote is given up; all else is kept. */
  #restoreWindow(window: Window, bytes: Uint8Array, clockMs: number): void {
    try {
      window.restore(bytes, clockMs);
    } catch {
      this.refused.damaged += 1;
    }
  }
}

const VERSIONS_MAX = 4;
const EXCEPTIONS_MAX = 50;
