/**
 * An `Engine` that survives traps and full stacks: a new engine goes on with the totals of a failed one.
 *
 * With a full stack every call throws, also those of this file. So an interrupted call into the engine is noted by an
 * assignment alone, and the next call that finds room on the stack repairs what it left behind.
 */
import { TidegateError } from "../types/error.ts";
import { fromEngine, isFullStack, messageOf } from "./errors.ts";
import { Engine, EngineOptions } from "./generated/tidegate.js";
import { epoch, type Instance, instance, reset } from "./instance.ts";
import { EMITTED, Ledger } from "./ledger.ts";
import { MeasureBuffer } from "./measure-buffer.ts";
import { RequestBuffer } from "./request-buffer.ts";

/** Two traps within this time end the collector: a loop of resets would only burn the host's CPU. */
const TRAP_WINDOW_MS = 10_000;

/** What the engine tells of its memory, which never moves. */
type Addresses = [words: number, text: number, measurements: number, ledger: number, counters: number];

/** What the handle needs of its collector. It is called only when no call into the engine is on the stack. */
export interface EngineOwner {
  /** Sets the options of a new engine. Throws TidegateError for a bad one. */
  describe(options: EngineOptions): void;
  readonly clock: {
    /** Host time. */
    now(): number;
    /** The time for the engine. */
    engineNow(): number;
  };
  /** Somebody reads the totals of requests. */
  readonly countsRequests: boolean;
  onReset(reason: string): void;
  /** The engine was given up. */
  fail(error: TidegateError): void;
}

export class EngineHandle {
  /** Goes up with each new engine. Leases and request tokens of an older one mean nothing to it. */
  generation = 0;
  /** Events that no engine has begun. */
  lost = 0;
  /** Those that came after the close. */
  late = 0;
  /** The engine's answer to the last event. */
  flags = 0;
  /** A new engine refuses events too. */
  isClosed = false;
  readonly #owner: EngineOwner;
  /** Numbers of metrics that no engine has begun. */
  unmeasured = 0;
  readonly #buffer: RequestBuffer;
  readonly #measures = new MeasureBuffer();
  #engine: Engine | undefined;
  #ledger!: Ledger;
  #home!: Instance;
  #lastTrapMs = Number.NEGATIVE_INFINITY;
  /** What a call into the engine threw, until the damage is repaired. */
  #interruption: unknown;
  /** The totals of a failed engine, until a new one has taken them over. */
  #unrestored: Float64Array | undefined;
  /** The reason of a reset that was not reported yet. */
  #resetReason: string | undefined;
  #isRetired = false;
  #isReleased = false;

  /** Throws TidegateError if the options are bad or wasm is blocked. */
  constructor(owner: EngineOwner) {
    this.#owner = owner;
    this.#buffer = new RequestBuffer(() => owner.clock.engineNow());
    this.#build();
  }

  /** The buffer for requests; undefined while its instance may be gone. */
  get buffer(): RequestBuffer | undefined {
    return this.#isUsable() ? this.#buffer : undefined;
  }

  /** The buffer for numbers of metrics; undefined while its instance may be gone. */
  get measures(): MeasureBuffer | undefined {
    return this.#isUsable() ? this.#measures : undefined;
  }

  /** Records what is buffered. Returns the engine's flags. */
  flushBuffers(): number {
    try {
      const engine = this.#current();
      if (engine === undefined) return 0;
      if (this.#measures.count > 0) {
        this.flags = this.#measures.flush(engine, this.#owner.clock.engineNow());
        this.#buffer.applyFlags(this.flags);
      }
      if (this.#buffer.count > 0) this.flags = this.#buffer.flush(engine);
      return this.flags;
    } catch (cause) {
      this.#interruption ??= cause;
    }
    this.#repair();
    return 0;
  }

  /** Runs `work` on the engine, after what is buffered. Returns `fallback` if there is no engine or it failed. */
  run<T>(fallback: T, work: (engine: Engine) => T): T {
    try {
      const engine = this.#live();
      return engine === undefined ? fallback : work(engine);
    } catch (cause) {
      this.#interruption ??= cause;
    }
    this.#repair();
    return fallback;
  }

  /** Records one event by `work`, which returns flags. Undefined: the event was refused, and counted. */
  record(work: (engine: Engine) => number): number | undefined {
    let before = Number.POSITIVE_INFINITY;
    try {
      const engine = this.#live();
      if (engine !== undefined) {
        before = this.#ledger.view()[EMITTED] as number;
        this.flags = work(engine);
        this.#buffer.applyFlags(this.flags);
        return this.flags;
      }
    } catch (cause) {
      this.#interruption ??= cause;
    }
    // An event that the engine has begun is in its ledger, which outlives it.
    if (!((this.#ledger.words[EMITTED] as number) > before)) {
      // No call: the stack may be full.
      if (this.isClosed) this.late += 1;
      else this.lost += 1;
    }
    this.#repair();
    return undefined;
  }

  /** As `run`, but also on an engine that was given up: its totals stay readable. */
  read<T>(fallback: T, work: (engine: Engine) => T): T {
    if (!this.#isRetired) return this.run(fallback, work);
    if (this.#isReleased) return fallback;
    try {
      if (this.#home.epoch !== epoch()) this.#rebuild();
      return this.#engine === undefined ? fallback : work(this.#engine);
    } catch {
      return fallback;
    }
  }

  /** Frees the engine, and with it most of the memory of a collector. Every later call finds none. */
  release(): void {
    const engine = this.#engine;
    const isStale = this.#home.epoch !== epoch() || this.#interruption !== undefined;
    this.#isRetired = true;
    this.#isReleased = true;
    this.#engine = undefined;
    this.flags = 0;
    this.#dropBuffers();
    this.#buffer.detach();
    this.#measures.detach();
    if (isStale) return;
    try {
      engine?.free();
    } catch {
      // With a full stack it was interrupted, perhaps in the middle of the allocator.
      reset(this.#home.epoch);
    }
  }

  #live(): Engine | undefined {
    if (this.#buffer.count > 0 || this.#measures.count > 0) this.flushBuffers();
    return this.#current();
  }

  #isUsable(): boolean {
    return this.#interruption === undefined && !this.#isRetired && this.#home.epoch === epoch();
  }

  /** The engine, replaced if its instance is gone. Undefined: it was given up, or the stack has no room to replace it. */
  #current(): Engine | undefined {
    if (this.#engine !== undefined && this.#home.epoch !== epoch()) {
      this.#interruption ??= "the engine of another collector failed";
    }
    this.#repair();
    return this.#isRetired || this.#interruption !== undefined ? undefined : this.#engine;
  }

  /** Never throws. What fails because the stack is full is repeated by the next call. */
  #repair(): void {
    try {
      if (this.#interruption !== undefined && !this.#isRetired) this.#recover(this.#interruption);
      this.#reportReset();
    } catch (thrown) {
      if (!isFullStack(thrown)) this.#giveUp(fromEngine(thrown));
    }
  }

  /** Keeps the engine if it is whole, else makes a new one. */
  #recover(cause: unknown): void {
    const isTrap = cause instanceof WebAssembly.RuntimeError;
    if (isTrap || !this.#isWhole()) {
      this.#rebuild();
      this.#resetReason = messageOf(cause);
    }
    this.#interruption = undefined;
    this.#reportReset();
    if (isTrap) this.#countTrap(cause);
  }

  /** An engine whose call was interrupted refuses every further call. */
  #isWhole(): boolean {
    if (this.#engine === undefined || this.#unrestored !== undefined || this.#home.epoch !== epoch())
      return false;
    try {
      this.#engine.clearDetails();
      return true;
    } catch (thrown) {
      if (isFullStack(thrown)) throw thrown;
      return false;
    }
  }

  #countTrap(cause: WebAssembly.RuntimeError): void {
    const nowMs = this.#owner.clock.now();
    const isSecond = Math.abs(nowMs - this.#lastTrapMs) < TRAP_WINDOW_MS;
    this.#lastTrapMs = nowMs;
    if (!isSecond) return;
    const message = `the engine failed twice within 10 s: ${cause.message}`;
    this.#giveUp(new TidegateError("core/trap", message, cause), nowMs);
  }

  #reportReset(): void {
    const reason = this.#resetReason;
    if (reason === undefined) return;
    this.#resetReason = undefined;
    try {
      this.#owner.onReset(reason);
    } catch (thrown) {
      this.#resetReason = reason;
      throw thrown;
    }
  }

  #build(): void {
    const home = instance();
    const options = new EngineOptions();
    try {
      this.#owner.describe(options);
    } catch (thrown) {
      // With a full stack they may be in the middle of a call, and the instance will be given up.
      if (!isFullStack(thrown)) options.free();
      throw thrown;
    }
    const engine = new Engine(options);
    if (this.#owner.countsRequests) engine.countRequests();
    const [words, text, measurements, ...counters] = engine.addresses() as Iterable<number> as Addresses;
    const ledger = new Ledger(home.memory, ...counters);
    this.#buffer.attach(home.memory, words, text);
    this.#measures.attach(home.memory, measurements);
    // Assignments alone from here on: a full stack leaves the old parts together, or the new ones.
    this.#ledger = ledger;
    this.#home = home;
    this.#engine = engine;
  }

  /** The failed engine is dropped, never freed: in the new instance its address belongs to something else. */
  #rebuild(): void {
    this.#unrestored ??= this.#ledger.view();
    reset(this.#home.epoch);
    this.#dropBuffers();
    try {
      this.#build();
    } catch (thrown) {
      // The build may have been interrupted too.
      reset(epoch());
      throw thrown;
    }
    this.generation += 1;
    this.#engine?.restore(this.#unrestored);
    this.#unrestored = undefined;
    if (this.isClosed) this.#engine?.close(Number.NaN);
  }

  #dropBuffers(): void {
    const lost = this.#buffer.drop();
    if (this.isClosed) this.late += lost;
    else this.lost += lost;
    this.unmeasured += this.#measures.drop();
  }

  /** Takes nothing more. The totals stay readable. */
  #giveUp(error: TidegateError, nowMs: number = Number.NaN): void {
    this.#isRetired = true;
    this.#dropBuffers();
    this.#buffer.detach();
    this.#measures.detach();
    try {
      this.#engine?.close(nowMs);
    } catch {
      this.#engine = undefined;
    }
    this.#owner.fail(error);
  }
}
