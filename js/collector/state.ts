import type { ErrorDetails, RecordingHost } from "../recording/recording-host.ts";
import type { Place, RequestRecord } from "../runtime/bridge.ts";
import { RequestContext } from "../runtime/context.ts";
import { ownEnv } from "../runtime/environment.ts";
import { describeThrown } from "../runtime/error-type.ts";
import { type ExitHooks, watchExit } from "../runtime/exit.ts";
import { type Host, hasLongTimers } from "../runtime/host.ts";
import { processEnv } from "../runtime/host-kind.ts";
import { Ticker } from "../runtime/timer.ts";
import { type RpcStubClass, runningContext, type WaitUntil } from "../runtime/wait-until.ts";
import { TidegateError } from "../types/error.ts";
import type { CollectorOptions } from "../types/options.ts";
import type { EngineHandle } from "../wasm/engine-handle.ts";
import { fromEngine } from "../wasm/errors.ts";
import { BUFFERED, isDue, isPending } from "../wasm/flags.ts";
import type { Engine } from "../wasm/generated/tidegate.js";
import { refuseAsync } from "./check.ts";
import { CollectorClock } from "./clock.ts";
import { CollectorEngine } from "./engine.ts";
import { Log } from "./log.ts";
import { NoticeBoard } from "./notices.ts";
import { type OptionsSource, parseOptions, type Settings } from "./options.ts";
import { Uncarried } from "./reports/uncarried.ts";

/** What a timer, and the exit of a process, call. */
export interface StateHooks extends ExitHooks {
  /** The engine has started, later than its collector. */
  onStart(): void;
  onTimer(): void;
  /** Something waits that no request will send at its end. */
  onLateWork(flags: number, nowMs: number, place: Place | undefined): void;
}

/** Places in the list of reasons in src/engine/ledger/reason.rs. */
const REFUSED_NAME = 2;
const REFUSED_STATUS = 3;

/** What a collector knows, and what recording needs of it. */
export class State implements RecordingHost {
  readonly host: Host;
  readonly log: Log = new Log();
  readonly board: NoticeBoard = new NoticeBoard(this.log);
  readonly clock: CollectorClock;
  readonly engine: CollectorEngine;
  context: RequestContext = new RequestContext(undefined);
  readonly described: WeakMap<object, ErrorDetails> = new WeakMap();
  settings: Settings | undefined;
  uncarried: Uncarried | undefined;
  /** Known only in a page that is watched. */
  leaving: boolean | undefined;
  /** The host's own function for the running request, which an adapter has found. */
  waitUntil: WaitUntil | undefined;
  readonly #hooks: StateHooks;
  #choose: ((env: never) => CollectorOptions) | undefined;
  #env: unknown;
  #ticker: Ticker | undefined;
  #unwatchExit: (() => void) | undefined;

  /** Throws TidegateError if `source` is no function, and bad. */
  constructor(source: OptionsSource, host: Host, hooks: StateHooks) {
    this.host = host;
    this.#hooks = hooks;
    this.clock = new CollectorClock(host);
    this.engine = new CollectorEngine(this.clock, host.kind, this.board, this.log, hooks.onStart);
    if (typeof source === "function") {
      refuseAsync("the options function", source);
      this.#choose = source;
    } else this.#start(parseOptions(source, ownEnv()), false);
  }

  /** The first call makes the options, if they are a function. Every call sets the `env` that each send gets. */
  configure(env: unknown): void {
    this.#env = env;
    const choose = this.#choose;
    if (choose === undefined) return;
    this.#choose = undefined;
    try {
      this.#start(parseOptions(optionsOf(choose, env), env), !hasLongTimers(this.host));
    } catch (thrown) {
      this.engine.fail(fromEngine(thrown));
    }
  }

  /** `waits`: bad options throw when the engine is needed. */
  #start(settings: Settings, waits: boolean): void {
    this.settings = settings;
    this.log.level = settings.log;
    for (const text of settings.warnings) this.log.warn(text);
    this.uncarried = new Uncarried(this.log, settings.sinks);
    this.context = new RequestContext(settings.context);
    this.clock.source = settings.clock;
    this.engine.start(settings, waits && settings.autoTick);
    if (hasLongTimers(this.host) && settings.autoTick) {
      this.#ticker = new Ticker(this.host, this.#hooks.onTimer);
    }
    this.log.debug(`started with sinks: ${settings.sinks.map(({ name }) => name).join(", ") || "none"}`);
  }

  get env(): unknown {
    return this.#env ?? processEnv();
  }

  get errors(): CollectorOptions["errors"] {
    return this.settings?.errors;
  }

  get redact(): CollectorOptions["redact"] {
    return this.settings?.redact;
  }

  get hasRawPaths(): boolean {
    return this.settings?.hasRawPaths === true;
  }

  get rng(): (() => number) | undefined {
    return this.settings?.rng;
  }

  get RpcStub(): RpcStubClass | undefined {
    return (this.waitUntil ?? runningContext())?.RpcStub;
  }

  /** Whether there is, or was, an engine. Hosts without an env of their own are configured by their first event. */
  isReady(): boolean {
    if (this.#choose !== undefined && !this.lacksEnv) this.configure(processEnv());
    return this.engine.canWait || this.engine.handle !== undefined;
  }

  /** A Worker's options wait for the environment that no adapter has given. */
  get lacksEnv(): boolean {
    return this.#choose !== undefined && this.host.kind === "workers";
  }

  record(work: (engine: Engine) => number): number | undefined {
    const handle = this.isReady() ? this.engine.handle : undefined;
    if (handle !== undefined) return handle.record(work);
    this.engine.refuse();
    return undefined;
  }

  refuse(reason: "name" | "status"): void {
    this.record((engine) => engine.refuse(reason === "name" ? REFUSED_NAME : REFUSED_STATUS));
  }

  checkCarried(kind: number): void {
    this.uncarried?.check(kind);
  }

  bufferRequest(
    name: unknown,
    method: unknown,
    status: unknown,
    startMs: unknown,
    durationMs: unknown,
    isPath: boolean,
    request: RequestRecord | undefined,
  ): boolean {
    const { handle } = this.engine;
    const buffer = handle?.buffer;
    if (!buffer?.write(name, method, status, startMs, durationMs, isPath)) return false;
    if (request !== undefined) buffer.keepLast(request);
    if (buffer.isFull) this.#afterRequest((handle as EngineHandle).flushBuffers(), request);
    else if (buffer.count === 1 && this.settings?.sinks.length !== 0)
      this.#waitForTick(handle as EngineHandle, request);
    return true;
  }

  measure(generation: number, series: number, value: number, current: () => Place | undefined): boolean {
    const { handle } = this.engine;
    const buffer = handle?.measures;
    if (buffer === undefined || handle?.generation !== generation) return false;
    buffer.write(series, value);
    if (buffer.isFull) this.#afterMeasure((handle as EngineHandle).flushBuffers(), current);
    else if (buffer.count === 1 && this.settings?.hasMetricsSink) {
      (handle as EngineHandle).flags |= BUFFERED;
      this.#afterMeasure(BUFFERED, current);
    }
    return true;
  }

  #afterMeasure(flags: number, current: () => Place | undefined): void {
    if (!isPending(flags)) return;
    const nowMs = this.clock.now();
    this.afterEvent(flags, nowMs);
    this.afterWork(flags, nowMs, current());
  }

  readonly warn = (message: string): void => this.log.warn(message);

  keepAnswer(request: RequestRecord): void {
    this.engine.handle?.buffer?.keepAnswer(request);
  }

  withAnswer<T>(request: RequestRecord, work: () => T): T {
    const buffer = this.engine.handle?.buffer;
    return buffer === undefined ? work() : buffer.withAnswer(request, work);
  }

  /** After the first buffered request. Whoever wakes up records all that were buffered meanwhile. */
  #waitForTick(handle: EngineHandle, request: RequestRecord | undefined): void {
    handle.flags |= BUFFERED;
    this.#afterRequest(BUFFERED, request);
  }

  /** The clock is read only where somebody asks for the time. */
  #afterRequest(flags: number, request: RequestRecord | undefined): void {
    this.afterEvent(flags, undefined);
    if (request === undefined) this.afterWork(flags, undefined, undefined);
  }

  learnMethodId(method: string, flags: number): void {
    // The user's source of draws is called for one request at a time, so none is buffered.
    if (this.rng === undefined) this.engine.handle?.buffer?.learnMethodId(method, flags);
  }

  /** Arms the timer for what the engine answered to an event. */
  afterEvent(flags: number, knownMs: number | undefined): void {
    const ticker = this.#ticker;
    if (ticker === undefined || !isPending(flags)) return;
    const nowMs = knownMs ?? this.clock.now();
    // At most as long as an event may wait: the next deadline may be that of another sink, after its backoff.
    const withinMs = isDue(flags) ? 0 : this.engine.limits.stepMs;
    if (ticker.lacks(nowMs, withinMs)) ticker.arm(nowMs, Math.min(this.nextDeadline(), withinMs));
    this.#unwatchExit ??= watchExit(this.#hooks);
  }

  afterWork(flags: number, knownMs: number | undefined, place: Place | undefined): void {
    // An open request sends at its end.
    const isLate = place?.record?.isOver !== false;
    if (isLate && !hasLongTimers(this.host) && isPending(flags))
      this.#hooks.onLateWork(flags, knownMs ?? this.clock.now(), place);
  }

  /** Arms the timer for the next deadline. */
  rearm(): void {
    this.#ticker?.arm(this.clock.now(), this.nextDeadline());
  }

  /** Nothing is left to be sent. */
  stopTimer(): void {
    this.#ticker?.stop();
  }

  unwatchExit(): void {
    this.#unwatchExit?.();
  }

  /** Ms until the next deadline; NaN: nothing waits. */
  nextDeadline(): number {
    return this.engine.call(Number.NaN, (engine) => engine.nextDeadline());
  }
}

/** The text of a foreign error may hold what is in `env`. */
function optionsOf(choose: (env: never) => unknown, env: unknown): unknown {
  try {
    return choose(env as never);
  } catch (thrown) {
    if (thrown instanceof TidegateError) throw thrown;
    throw new TidegateError("config/threw", `the options function ${describeThrown(thrown)}`, thrown);
  }
}
