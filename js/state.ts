/** A collector's live parts. Every call into the engine goes through here, and notices come out after it. */
import { BatchBytes } from "./batch-bytes.ts";
import { emptyCounters } from "./empty.ts";
import { fromEngine, type TidegateError } from "./errors.ts";
import { NoticeBoard } from "./notices.ts";
import { parseOptions, type Settings } from "./options.ts";
import { type Outcome, RETRY } from "./outcome.ts";
import { type Batch, drain, type Pumped, type Totals } from "./pump.ts";
import { RequestContext } from "./runtime/context.ts";
import { type Budget, type Lease, type Led, newLease } from "./runtime/lease.ts";
import type { Port } from "./runtime/port.ts";
import { watchExit } from "./runtime/process.ts";
import { Ticker } from "./runtime/timer.ts";
import type { CollectorOptions, Counters, Notices } from "./types.ts";
import { EngineHandle } from "./wasm/engine-handle.ts";
import type { Engine } from "./wasm/generated/tidegate.js";
import { instance, isModuleExpected } from "./wasm/instance.ts";

/** Bits of what the engine answers to an event. */
export const DUE = 2;
export const WAITING = 4;

const SHORTEST_STEP_MS = 20;

/** A listener that records events could make notices without end. */
const NOTICES_A_CALL = 256;

export type OptionsSource = CollectorOptions | ((env: never) => CollectorOptions);

/** A batch to send, as the engine describes it. */
interface Transmit {
  readonly sink: number;
  readonly lease: number;
  readonly count: number;
  readonly batchId: string;
}

export class State implements Pumped, Led {
  readonly port: Port;
  readonly board: NoticeBoard = new NoticeBoard();
  readonly lease: Lease = newLease();
  context: RequestContext = new RequestContext(undefined);
  settings: Settings | undefined;
  /** Events without an engine: before configuration, or where there is none. */
  refused = 0;
  /** What the engine answered last: whether something waits, and whether a send is due. */
  flags = 0;
  /** Known in a watched page only. */
  leaving: boolean | undefined;
  readonly #bytes = new BatchBytes();
  #handle: EngineHandle | undefined;
  #error: TidegateError | undefined;
  /** The engine starts when the module has come. */
  #isWaiting = false;
  #choose: ((env: never) => CollectorOptions) | undefined;
  #env: unknown;
  /** Options in force, read once: the engine owns their defaults. Zeros while there is no engine. */
  flushDeadlineMs = 0;
  leaseMs = 0;
  closeTimeoutMs = 0;
  /** The longest sleep while events may come: `flushIntervalMs`, but never so short that it is no sleep. */
  stepMs: number = SHORTEST_STEP_MS;
  #ticker: Ticker | undefined;
  #lastMs = 0;
  #manual = false;
  #draining = false;
  #exit: (() => void) | undefined;
  /** Set by the collector: what an exiting process is to do. */
  exitHooks: Parameters<typeof watchExit>[0] | undefined;

  /** Throws TidegateError if the options are given and bad. */
  constructor(source: OptionsSource, port: Port) {
    this.port = port;
    if (typeof source === "function") this.#choose = source;
    else this.#start(parseOptions(source));
  }

  /** Idempotent but for `env`, which each send is given. */
  configure(env: unknown): void {
    this.#env = env;
    const choose = this.#choose;
    if (choose === undefined) return;
    this.#choose = undefined;
    try {
      this.#start(parseOptions(choose(env as never)));
    } catch (thrown) {
      this.fail(fromEngine(thrown));
    }
  }

  #start(settings: Settings): void {
    this.settings = settings;
    this.context = new RequestContext(settings.context);
    const { kind } = this.port;
    const timers = kind === "process" || kind === "browser";
    if (isModuleExpected()) this.#isWaiting = true;
    else this.#startEngine(settings);
    if (timers && settings.autoTick) this.#ticker = new Ticker(this.port, () => void this.turn());
  }

  /** Throws TidegateError if the options are bad; where there is no engine to be had the collector is inert. */
  #startEngine(settings: Settings): void {
    const { kind } = this.port;
    try {
      this.#handle = new EngineHandle((options) => settings.describe(options, kind), {
        now: () => this.now(),
        engineNow: () => this.engineNow(),
        onFlushed: (flags) => {
          this.flags = flags;
        },
        onReset: (reason) => this.board.emit({ type: "core-reset", reason }),
        onDead: (error) => this.fail(error),
      });
      const inForce = (name: string) => this.call(0, (engine) => engine.option(name));
      this.flushDeadlineMs = inForce("flushDeadlineMs");
      this.leaseMs = inForce("leaseMs");
      this.stepMs = Math.max(inForce("flushIntervalMs"), SHORTEST_STEP_MS);
      this.closeTimeoutMs = inForce("closeTimeoutMs");
    } catch (thrown) {
      const error = fromEngine(thrown);
      // Where wasm is forbidden the host must go on; bad options are for the developer to see.
      if (!error.code.startsWith("wasm/")) throw error;
      this.fail(error);
    }
  }

  /** Starts the engine if the module that was on its way has come, or says that it will not. */
  #startLate(): void {
    const { settings } = this;
    if (!this.#isWaiting || settings === undefined || isModuleExpected()) return;
    this.#isWaiting = false;
    try {
      this.#startEngine(settings);
    } catch (thrown) {
      this.fail(fromEngine(thrown));
    }
  }

  /** Why nothing is recorded. */
  get error(): TidegateError | undefined {
    this.#startLate();
    return this.#error;
  }

  /** Says once why nothing is recorded. */
  fail(error: TidegateError): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    console.error(`tidegate: nothing is recorded: ${error.message}`);
    this.board.emit({ type: "error", code: error.code, message: error.message });
  }

  get env(): unknown {
    return this.#env ?? hostEnv();
  }

  get generation(): number {
    return this.#handle?.generation ?? 0;
  }

  /** Whether there is, or was, an engine. */
  isReady(): boolean {
    // Hosts without an env of their own are configured by their first event.
    if (this.#choose !== undefined && this.port.kind !== "workers") this.configure(hostEnv());
    this.#startLate();
    return this.#handle !== undefined;
  }

  /** Records one event by `work`, which returns flags. Undefined: it was refused, and counted. */
  record(work: (engine: Engine) => number): number | undefined {
    if (this.isReady()) return this.#handle?.record(work);
    this.refused += 1;
    return undefined;
  }

  /** The hot path: whether a request could be written, to be recorded with others. */
  buffer(
    name: unknown,
    method: unknown,
    status: unknown,
    startMs: unknown,
    durationMs: unknown,
    isPath: boolean,
  ): boolean {
    const handle = this.#handle;
    const buffer = handle?.buffer;
    if (!buffer?.write(name, method, status, startMs, durationMs, isPath)) return false;
    if (buffer.isFull) this.after((handle as EngineHandle).flushRequests(), this.now());
    else if (buffer.count === 1 && this.settings?.sinks.length !== 0) this.#waits();
    return true;
  }

  /** The first of those written: whoever wakes for it has them all recorded. */
  #waits(): void {
    this.flags |= WAITING;
    this.#wake(WAITING, this.now());
  }

  /** After a request recorded by itself: the next of its method can be buffered. */
  learnMethodId(method: string, flags: number): void {
    // A draw of the user's is made for one request at a time.
    if (this.settings?.rng === undefined) this.#handle?.buffer?.learnMethodId(method, flags);
  }

  /** After each event, with what the engine answered. */
  after(flags: number, nowMs: number): void {
    this.flags = flags;
    this.#handle?.buffer?.applyFlags(flags);
    this.#wake(flags, nowMs);
  }

  #wake(flags: number, nowMs: number): void {
    const ticker = this.#ticker;
    if (ticker === undefined || (flags & (DUE | WAITING)) === 0) return;
    // Never longer than an event may wait: the deadline may be that of another sink, which is in trouble.
    const withinMs = (flags & DUE) !== 0 ? 0 : this.stepMs;
    if (ticker.lacks(nowMs, withinMs)) ticker.arm(nowMs, Math.min(this.nextDeadline(), withinMs));
    if (this.#exit === undefined && this.exitHooks !== undefined) this.#exit = watchExit(this.exitHooks);
  }

  /** Host time; the last one known when the clock says 0, NaN, or throws. */
  now(): number {
    const clock = this.settings?.clock;
    try {
      const ms = clock === undefined ? this.port.now() : clock();
      if (typeof ms === "number" && ms > 0 && ms < Number.POSITIVE_INFINITY) this.#lastMs = ms;
    } catch {
      // The user's clock: counted as no clock.
    }
    return this.#lastMs;
  }

  /** Who ticks by hand with times of their own owns time: the real clock must not be mixed in. */
  engineNow(): number {
    return this.#manual ? Number.NaN : this.now();
  }

  engineTime(nowMs: number): number {
    return this.#manual ? Number.NaN : nowMs;
  }

  tick(nowMs?: number): void {
    const settings = this.settings;
    if (nowMs !== undefined && settings !== undefined) {
      if (!settings.autoTick && settings.clock === undefined) this.#manual = true;
    }
    const atMs = typeof nowMs === "number" ? nowMs : this.engineNow();
    this.call(undefined, (engine) => engine.tick(atMs));
    this.notify();
  }

  /** Ms until the next deadline; NaN = nothing waits. */
  nextDeadline(): number {
    return this.call(Number.NaN, (engine) => engine.nextDeadline());
  }

  /** One round of the run loop. */
  async turn(budget?: Budget, onStep?: () => void): Promise<void> {
    this.tick();
    const sent = drain(this, budget, onStep);
    this.rearm();
    await sent;
  }

  drain(): Promise<void> {
    return drain(this);
  }

  rearm(): void {
    this.#ticker?.arm(this.now(), this.nextDeadline());
  }

  poll(): Batch | undefined {
    const nowMs = this.engineNow();
    return this.call<Batch | undefined>(undefined, (engine) => {
      const transmit = engine.poll(nowMs) as Transmit | undefined;
      const sink = transmit && this.settings?.sinks[transmit.sink];
      if (transmit === undefined || sink === undefined) return undefined;
      const { buffer } = instance().memory;
      const encoded = new Uint8Array(buffer, engine.encodedPtr(), engine.encodedLen());
      const bytes = this.#bytes.copy(encoded, sink);
      return { ...transmit, sink, bytes, generation: this.generation };
    });
  }

  reclaim({ bytes, sink }: Batch): void {
    this.#bytes.reclaim(bytes, sink);
  }

  settle(batch: Batch, { code, value }: Outcome): void {
    if (batch.generation !== this.generation) return;
    const nowMs = this.engineNow();
    this.call(undefined, (engine) => engine.settle(batch.lease, code ?? RETRY, value ?? Number.NaN, nowMs));
    this.notify();
    this.rearm();
  }

  remark(code: string, message: string): void {
    this.board.emit({ type: "error", code, message });
  }

  startFlush(deadlineMs: number): void {
    const nowMs = this.engineNow();
    this.call(undefined, (engine) => engine.flush(deadlineMs, nowMs));
  }

  flushing(): boolean {
    const nowMs = this.engineNow();
    return this.call(false, (engine) => engine.isFlushing(nowMs));
  }

  closing(): void {
    // A module that comes now is too late.
    this.#isWaiting = false;
    const nowMs = this.engineNow();
    this.call(undefined, (engine) => engine.close(nowMs));
  }

  closed(): void {
    this.call(undefined, (engine) => engine.finish());
    this.#exit?.();
    this.notify();
  }

  totals(): Totals {
    return this.call({ delivered: 0, remaining: 0, dropped: 0 }, (engine) => engine.totals() as Totals);
  }

  counters(): Counters {
    const counted = this.read(emptyCounters(), (engine) => engine.counters() as Counters);
    const lost = this.refused + (this.#handle?.lost ?? 0);
    return { ...counted, emitted: counted.emitted + lost, refused: counted.refused + lost };
  }

  call<T>(fallback: T, work: (engine: Engine) => T): T {
    return this.#handle === undefined ? fallback : this.#handle.run(fallback, work);
  }

  /** As `call`, but also of an engine that was given up: its totals stay true. */
  read<T>(fallback: T, work: (engine: Engine) => T): T {
    return this.#handle === undefined ? fallback : this.#handle.read(fallback, work);
  }

  /** Gives waiting notices to their listeners: no call into the engine is on the stack. */
  notify(): void {
    if (this.#draining) return;
    if (this.board.size === 0) {
      this.call(undefined, (engine) => engine.dropNotices());
      return;
    }
    this.#draining = true;
    for (let left = NOTICES_A_CALL; left > 0; left -= 1) {
      const notice = this.call(undefined, (engine) => engine.notice() as Notices["drop"] | undefined);
      if (notice === undefined) break;
      const sink = this.settings?.sinks[notice.sink as unknown as number]?.name;
      this.board.emit(sink === undefined ? notice : { ...notice, sink });
    }
    this.#draining = false;
  }
}

/** What hosts without an env of their own have. */
function hostEnv(): unknown {
  return (globalThis as { process?: { env?: unknown } }).process?.env ?? {};
}
