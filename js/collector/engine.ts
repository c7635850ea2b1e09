import type { HostKind } from "../runtime/host.ts";
import type { TidegateError } from "../types/error.ts";
import type { TextOptions } from "../types/metrics.ts";
import { EngineHandle, type EngineOwner } from "../wasm/engine-handle.ts";
import { fromEngine } from "../wasm/errors.ts";
import type { Engine, EngineOptions } from "../wasm/generated/tidegate.js";
import { isModuleExpected } from "../wasm/module.ts";
import type { CollectorClock } from "./clock.ts";
import { type Figures, lastFigures, readFigure } from "./figures.ts";
import type { Log } from "./log.ts";
import type { NoticeBoard } from "./notices.ts";
import type { Settings } from "./options.ts";

/** A shorter `flushIntervalMs` would make a sleep that is none. */
const SHORTEST_STEP_MS = 20;

/** Options in force, read once from the engine, which owns their defaults. Zeros while there is no engine. */
export interface Limits {
  flushDeadlineMs: number;
  leaseMs: number;
  closeTimeoutMs: number;
  /** The longest sleep while events may come: `flushIntervalMs`, but not too short. */
  stepMs: number;
  leadSends: number;
  invocationSends: number;
}

/** The engine of one collector: its start, every call into it, and why there is none. */
export class CollectorEngine implements EngineOwner {
  /** Events recorded without an engine: before configuration, or where there is none. */
  readonly #refused = { closed: 0, unconfigured: 0, core: 0 };
  /** Numbers of metrics that no engine has. */
  unmeasured = 0;
  readonly #limits: Limits = {
    flushDeadlineMs: 0,
    leaseMs: 0,
    closeTimeoutMs: 0,
    stepMs: SHORTEST_STEP_MS,
    leadSends: 0,
    invocationSends: 0,
  };
  countsRequests = false;
  readonly clock: CollectorClock;
  readonly #kind: HostKind;
  readonly #board: NoticeBoard;
  readonly #log: Log;
  /** Called when the engine has started. */
  readonly #onStart: () => void;
  #handle: EngineHandle | undefined;
  #settings: Settings | undefined;
  #error: TidegateError | undefined;
  /** The figures of an engine that was freed. */
  #last: Figures | undefined;
  /** The engine starts when it is needed and its module has been loaded. */
  #isWaiting = false;
  #isClosed = false;

  constructor(clock: CollectorClock, kind: HostKind, board: NoticeBoard, log: Log, onStart: () => void) {
    this.clock = clock;
    this.#kind = kind;
    this.#board = board;
    this.#log = log;
    this.#onStart = onStart;
  }

  /**
   * Starts the engine, unless its module is being loaded or `waits`: then it starts when it is needed. A collector that
   * was closed before stays closed. Throws TidegateError if the options are bad.
   */
  start(settings: Settings, waits: boolean): void {
    if (this.#isClosed) return;
    this.#settings = settings;
    this.#limits.leadSends = settings.leadSends;
    this.#limits.invocationSends = settings.invocationSends;
    if (waits || isModuleExpected()) this.#isWaiting = true;
    else this.#build();
  }

  /** The engine, started if it was not needed before. Undefined: there is none, or its module is being loaded. */
  get handle(): EngineHandle | undefined {
    if (this.#isWaiting && !isModuleExpected()) this.#startLate();
    return this.#handle;
  }

  get limits(): Limits {
    void this.handle;
    return this.#limits;
  }

  /** Nothing has needed the engine yet, and nothing keeps it from starting. */
  get canWait(): boolean {
    return this.#isWaiting && !isModuleExpected();
  }

  /** Why nothing is recorded; undefined while it is. */
  get error(): TidegateError | undefined {
    void this.handle;
    return this.#error;
  }

  /** Reports, once, why nothing is recorded. */
  fail(error: TidegateError): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    this.#log.error(`nothing is recorded: ${error.message}`);
    this.#board.emit({ type: "error", code: error.code, message: error.message });
  }

  /** Counts an event that comes while there is no engine. */
  refuse(): void {
    const isUnconfigured = this.#error === undefined || this.#error.code.startsWith("config/");
    this.#refused[this.#isClosed ? "closed" : isUnconfigured ? "unconfigured" : "core"] += 1;
  }

  /** Refused events that are in no ledger of an engine. */
  get refused(): { readonly closed: number; readonly unconfigured: number; readonly core: number } {
    const { closed, unconfigured, core } = this.#refused;
    const { lost, late } = this.handle ?? { lost: 0, late: 0 };
    return { closed: closed + late, unconfigured, core: core + lost };
  }

  /** Numbers of metrics that are in no ledger of an engine. */
  get lostMeasures(): number {
    return this.unmeasured + (this.handle?.unmeasured ?? 0);
  }

  /** Whether there is, or was, an engine. Asking does not start it. */
  get isRunning(): boolean {
    return this.#handle !== undefined;
  }

  get generation(): number {
    return this.handle?.generation ?? 0;
  }

  call<T>(fallback: T, work: (engine: Engine) => T): T {
    const { handle } = this;
    return handle === undefined ? fallback : handle.run(fallback, work);
  }

  /** As `call`, with the time for the engine. The clock is read before the engine is entered: it may call back. */
  callAt<T>(fallback: T, work: (engine: Engine, nowMs: number) => T): T {
    const nowMs = this.clock.engineNow();
    return this.call(fallback, (engine) => work(engine, nowMs));
  }

  /** As `call`, but also on an engine that was given up: its totals stay readable. */
  read<T>(fallback: T, work: (engine: Engine) => T): T {
    const { handle } = this;
    return handle === undefined ? fallback : handle.read(fallback, work);
  }

  /** One figure, as plain data that the caller may change. */
  figure<N extends keyof Figures>(name: N, fallback: Figures[N], text?: TextOptions): Figures[N] {
    if (this.#last !== undefined) return structuredClone(this.#last[name]);
    const nowMs = this.clock.engineNow();
    return this.read(fallback, (engine) => readFigure(engine, name, nowMs, text));
  }

  /** Counts every request from now on, also in later engines. It starts none. */
  countRequests(): void {
    if (this.countsRequests) return;
    this.countsRequests = true;
    this.#handle?.run(undefined, (engine) => engine.countRequests());
  }

  /** Refuses new events from now on. A module that has been loaded later starts nothing any more. */
  close(): void {
    const { handle } = this;
    this.#isWaiting = false;
    this.#isClosed = true;
    if (handle !== undefined) handle.isClosed = true;
    this.callAt(undefined, (engine, nowMs) => engine.close(nowMs));
  }

  /** Frees the engine of a closed collector, unless events are left. Returns whether there is none any more. */
  release(): boolean {
    const { handle } = this;
    if (handle === undefined || this.#last !== undefined) return true;
    const nowMs = this.clock.engineNow();
    this.#last = handle.read<Figures | undefined>(undefined, (engine) => lastFigures(engine, nowMs));
    if (this.#last === undefined) return false;
    handle.release();
    return true;
  }

  describe(options: EngineOptions): void {
    this.#settings?.describe(options, this.#kind);
  }

  onReset(reason: string): void {
    this.#board.emit({ type: "core-reset", reason });
  }

  #startLate(): void {
    this.#isWaiting = false;
    try {
      this.#build();
    } catch (thrown) {
      this.fail(fromEngine(thrown));
    }
    this.#onStart();
  }

  /** Bad options are the developer's to see. Where wasm is forbidden the host must go on. */
  #build(): void {
    try {
      this.#handle = new EngineHandle(this);
      const limits = this.#limits;
      const inForce = (name: string) => this.call(0, (engine) => engine.option(name));
      for (const name of ["flushDeadlineMs", "leaseMs", "closeTimeoutMs"] as const)
        limits[name] = inForce(name);
      limits.stepMs = Math.max(inForce("flushIntervalMs"), SHORTEST_STEP_MS);
    } catch (thrown) {
      const error = fromEngine(thrown);
      if (!error.code.startsWith("wasm/")) throw error;
      this.fail(error);
    }
  }
}
