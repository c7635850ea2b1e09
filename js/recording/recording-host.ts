import type { Place, RequestRecord } from "../runtime/bridge.ts";
import type { RequestContext } from "../runtime/context.ts";
import type { Clock, Host } from "../runtime/host.ts";
import type { RpcStubClass } from "../runtime/wait-until.ts";
import type { CollectorOptions } from "../types/options.ts";
import type { Engine } from "../wasm/generated/tidegate.js";

/** What events record of one error. */
export interface ErrorDetails {
  readonly type: string;
  /** Undefined: it is no exception, but the name of a type. */
  texts: readonly [message: string, cause: string, stack: string] | undefined;
  /** Texts that were cut or left out. */
  truncated: number;
  /** It comes from a database: values in its message and its causes are hidden. */
  isHidden: boolean;
}

export interface EngineClock extends Clock {
  /** Ms for durations, of another origin than `now`. */
  preciseNow(): number;
  /** As `preciseNow`, where `now` has just returned `nowMs`. */
  preciseAt(nowMs: number): number;
  /** Host time as the engine takes it; NaN where the caller's ticks set the time. */
  engineTime(nowMs: number): number;
}

export interface EngineCalls {
  /** Goes up with each new engine. Tokens of an older one mean nothing. */
  readonly generation: number;
  /** Whether there is, or was, an engine. Asking does not start it. */
  readonly isRunning: boolean;
  /** Numbers of metrics that no engine has. */
  unmeasured: number;
  /** Runs `work` on the engine. Returns `fallback` if there is none or it failed. */
  call<T>(fallback: T, work: (engine: Engine) => T): T;
}

/** What recording needs of the collector. None of these methods throws. */
export interface RecordingHost {
  readonly host: Host;
  readonly clock: EngineClock;
  readonly engine: EngineCalls;
  /** workerd's class, where it was found. */
  readonly RpcStub: RpcStubClass | undefined;
  /** Finds the place of the running code. */
  readonly context: Pick<RequestContext, "run" | "current">;
  readonly errors: CollectorOptions["errors"];
  readonly redact: CollectorOptions["redact"];
  /** Errors that were described. */
  readonly described: WeakMap<object, ErrorDetails>;
  /** The option `paths` is `"raw"`. */
  readonly hasRawPaths: boolean;
  /** The option `sampling.rng`. */
  readonly rng: (() => number) | undefined;
  /** Records one event by `work`, which returns the engine's flags. Undefined: the event was refused, and counted. */
  record(work: (engine: Engine) => number): number | undefined;
  /** Counts one event as refused, whose value for `reason` is unusable. */
  refuse(reason: "name" | "status"): void;
  /** Says once if no sink carries events of `kind`, its code; 4: numbers of instruments. */
  checkCarried(kind: number): void;
  /** Buffers a request. Returns false if it has to be recorded by a call of its own. `request`: it ends this one. */
  bufferRequest(
    name: unknown,
    method: unknown,
    status: unknown,
    startMs: unknown,
    durationMs: unknown,
    isPath: boolean,
    request: RequestRecord | undefined,
  ): boolean;
  /** Whether there is, or was, an engine; starts it if it can be. Hosts without an env of their own are configured by their first event. */
  isReady(): boolean;
  /** Buffers a number of a series. `current` finds the running request. Returns false if there is no engine. */
  measure(generation: number, series: number, value: number, current: () => Place | undefined): boolean;
  /** Says on the console what is not recorded. */
  warn(message: string): void;
  /** Keeps with `request` what became of it: the call that recorded it has just returned. */
  keepAnswer(request: RequestRecord): void;
  /** Runs `work`, a call into the engine that needs to know what became of `request`. */
  withAnswer<T>(request: RequestRecord, work: () => T): T;
  /** After a request was recorded by a call of its own: later requests of its method can be buffered. */
  learnMethodId(method: string, flags: number): void;
  /** After each event, with the engine's flags. */
  afterEvent(flags: number, nowMs: number): void;
  /** After each event that is not the end of a request. `place`: where it was recorded. */
  afterWork(flags: number, nowMs: number, place: Place | undefined): void;
}
