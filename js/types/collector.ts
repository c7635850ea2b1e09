import type { Counters } from "./counters.ts";
import type { EventInput } from "./event.ts";
import type { Counter, Gauge, Histogram, MetricOptions, MetricSeries, TextOptions } from "./metrics.ts";
import type { Notices } from "./notices.ts";
import type { Scope } from "./scope.ts";
import type { RecentException, SeriesKey, Stats, Timeline } from "./stats.ts";

/** What `flush` and `close` resolve to: sums over all sinks. */
export interface FlushResult {
  /** Events delivered meanwhile. */
  readonly delivered: number;
  /** Events still queued or in flight. */
  readonly remaining: number;
  /** Events dropped meanwhile, for any reason. */
  readonly dropped: number;
  /** The deadline came first. */
  readonly timedOut: boolean;
}

/** What `createCollector` returns. Nothing here throws at run time, and every method works detached. */
export interface Collector extends Omit<Scope, "route" | "set"> {
  /** Records a request that is over. It makes no object and crosses into wasm at most once. */
  req(
    route: string,
    method: string,
    status: number,
    startMs: number,
    durationMs?: number,
    error?: unknown,
  ): void;
  /** Records an event given as an object. */
  enqueue(event: EventInput): void;
  /**
   * The same methods, bound to a request that an adapter has opened.
   *
   * Ask for it while the request runs: it then stays bound. In a Worker only the last 64 requests are found after they
   * are over. Events of a request that is not found stand alone.
   */
  scope(request: object): Scope;
  /** Sends what is due. Returns the ms until the next tick is wanted; null: nothing waits. */
  tick(nowMs?: number): number | null;
  /**
   * Sends what is queued now. Never rejects, never takes longer than `deadlineMs`.
   *
   * `deadlineMs` defaults to the option `flushDeadlineMs`.
   */
  flush(options?: { readonly deadlineMs?: number }): Promise<FlushResult>;
  /**
   * Refuses new events, then flushes. Never rejects, never takes longer than `timeoutMs`.
   *
   * `timeoutMs` defaults to the option `closeTimeoutMs`.
   */
  close(options?: { readonly timeoutMs?: number }): Promise<FlushResult>;
  /** Sets the environment. Where options are a function, the first call runs it. Adapters call this. */
  configure(env: unknown): void;
  /** Events waiting to be sent. */
  readonly queueDepth: number;
  /** What became of every event. */
  counters(): Counters;
  /** Figures of the rolling window. */
  stats(): Stats;
  /**
   * Figures of the rolling window over time: 60 steps of 15 s, of all requests or of one row of `stats()`.
   *
   * A series without a row has no events. Some time after `close` only all requests are known.
   */
  timeline(series?: SeriesKey): Timeline;
  /**
   * The last 20 exceptions, sampled or not, newest last: what `recordException` was given, and what handlers threw. The options
   * `errors` and `redact` hold. A restart of the engine begins anew. At most 160 KiB, and none until there is one.
   */
  exceptions(): RecentException[];
  /**
   * A counter of yours. Make it once, where the collector is made; the same name is the same metric, whatever its case.
   *
   * A name is a letter and at most 254 letters, digits, or `_ . - /`. Another name, a name of another kind and the 65th
   * metric record nothing, and warn once.
   */
  counter(name: string, options?: MetricOptions): Counter;
  /** A gauge of yours, as `counter`. */
  gauge(name: string, options?: MetricOptions): Gauge;
  /** A histogram of yours, as `counter`. */
  histogram(name: string, options?: MetricOptions): Histogram;
  /** What was recorded with your metrics since the start, whatever the sinks' temporality. A restart of the engine begins anew. */
  metrics(): MetricSeries[];
  /**
   * Prometheus text, of this isolate only: since the start requests and their durations, your metrics and the ledger; and
   * the figures of the window. Requests cost more where they are counted for it: all of them from `metricsHandler(tide)` or
   * the first call on, of those before that the first 16 384. So call one of them at the start.
   */
  metricsText(options?: TextOptions): string;
  /** What is measured, by the options or by OpenTelemetry's variables; empty as long as the options are not known. */
  readonly service: { readonly name?: string; readonly version?: string };
  /** Why the collector records nothing; undefined while it does. */
  readonly error: Error | undefined;
  /** Adds a listener. Returns a function that removes it. Listeners run when no call into the engine is under way. */
  on<K extends keyof Notices>(type: K, listener: (notice: Notices[K]) => void): () => void;
}
