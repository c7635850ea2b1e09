/**
 * An `Engine` that survives traps and full stacks: the totals of a dead one go on in the next.
 *
 * With a full stack any call throws, those of this file too. So a call into the engine that does not come back is noted
 * by an assignment alone, and what it left behind is mended by the first later call that finds room.
 */
import { fromEngine, isFullStack, messageOf, TidegateError } from "../errors.ts";
import { Engine, EngineOptions } from "./generated/tidegate.js";
import { epoch, type Instance, instance, reset } from "./instance.ts";
import { RequestBuffer } from "./request-buffer.ts";

/** Two traps of its own within this time end the collector: a loop of resets would only burn the host's CPU. */
const TRAP_WINDOW_MS = 10_000;

/** Sets the options of an engine to be. Throws TidegateError for a bad one. */
export type Describe = (options: EngineOptions) => void;

/** What the handle needs of its collector. All are called when no call into the engine is on the stack. */
export interface HandleEvents {
  /** Host time. */
  now(): number;
  /** What the engine takes for the time. */
  engineNow(): number;
  onReset(reason: string): void;
  /** Buffered requests were recorded, also where that was not what the caller wanted of the engine. */
  onFlushed(flags: number): void;
  onDead(error: TidegateError): void;
}

export class EngineHandle {
  /** Goes up with each new engine: leases and request tokens of an older one mean nothing here. */
  generation = 0;
  /** Events that no engine has begun. */
  lost = 0;
  readonly #buffer: RequestBuffer;
  readonly #describe: Describe;
  readonly #events: HandleEvents;
  #engine: Engine | undefined;
  #home!: Instance;
  #ledger = new Float64Array();
  #ledgerAt: readonly [address: number, length: number] = [0, 0];
  #lastTrapMs = Number.NEGATIVE_INFINITY;
  /** Why a call did not come back; undefined: all did. */
  #interruption: unknown;
  /** A reset that was not reported yet. */
  #resetReason: string | undefined;
  #retired = false;

  /** Throws TidegateError if the options are bad or wasm is blocked. */
  constructor(describe: Describe, events: HandleEvents) {
    this.#describe = describe;
    this.#events = events;
    this.#buffer = new RequestBuffer(() => events.engineNow());
    this.#build();
  }

  /** Where a request can be written, to be recorded with others; undefined: its instance may be gone. */
  get buffer(): RequestBuffer | undefined {
    const isUsable = this.#interruption === undefined && !this.#retired && this.#home.epoch === epoch();
    return isUsable ? this.#buffer : undefined;
  }

  /** Records the buffered requests. Returns the engine's flags. */
  flushRequests(): number {
    try {
      const engine = this.#current();
      if (engine === undefined || this.#buffer.count === 0) return 0;
      const flags = this.#buffer.flush(engine);
      this.#events.onFlushed(flags);
      return flags;
    } catch (cause) {
      this.#interruption ??= cause;
    }
    this.#mend();
    return 0;
  }

  /** Runs `work` on the engine, after the buffered requests; `fallback`: there is none, or it did not come back. */
  run<T>(fallback: T, work: (engine: Engine) => T): T {
    try {
      const engine = this.#live();
      return engine === undefined ? fallback : work(engine);
    } catch (cause) {
      this.#interruption ??= cause;
    }
    this.#mend();
    return fallback;
  }

  /** Records one event by `work`, which returns flags. Undefined: it is refused, and counted. */
  record(work: (engine: Engine) => number): number | undefined {
    let before = Number.POSITIVE_INFINITY;
    try {
      const engine = this.#live();
      if (engine !== undefined) {
        before = this.#ledgerView()[EMITTED] as number;
        return work(engine);
      }
    } catch (cause) {
      this.#interruption ??= cause;
    }
    // What the engine has begun it counts itself: the counters of a dead one are read out of its memory.
    if (!((this.#ledger[EMITTED] as number) > before)) this.lost += 1;
    this.#mend();
    return undefined;
  }

  /** Reads from the engine, also from one that was given up. */
  read<T>(fallback: T, work: (engine: Engine) => T): T {
    if (!this.#retired) return this.run(fallback, work);
    try {
      if (this.#home.epoch !== epoch()) this.#rebuild();
      return this.#engine === undefined ? fallback : work(this.#engine);
    } catch {
      return fallback;
    }
  }

  #live(): Engine | undefined {
    if (this.#buffer.count > 0) this.flushRequests();
    return this.#current();
  }

  /** The engine, replaced if its instance is gone; undefined: it is given up, or there is no room to replace it. */
  #current(): Engine | undefined {
    if (this.#engine !== undefined && this.#home.epoch !== epoch()) {
      this.#interruption ??= "the engine of another collector failed";
    }
    this.#mend();
    return this.#retired || this.#interruption !== undefined ? undefined : this.#engine;
  }

  /** Never throws. What it cannot do now, as the stack is full, a later call does. */
  #mend(): void {
    try {
      if (this.#interruption !== undefined && !this.#retired) this.#recover(this.#interruption);
      this.#reportReset();
    } catch (thrown) {
      if (!isFullStack(thrown)) this.#giveUp(fromEngine(thrown));
    }
  }

  /** Goes on with the engine if it is whole, else with a new one. */
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

  /** An engine that was left in the middle of a call refuses every further one. */
  #isWhole(): boolean {
    if (this.#engine === undefined || this.#home.epoch !== epoch()) return false;
    try {
      this.#engine.clearDetails();
      return true;
    } catch (thrown) {
      if (isFullStack(thrown)) throw thrown;
      return false;
    }
  }

  #countTrap(cause: WebAssembly.RuntimeError): void {
    const nowMs = this.#events.now();
    const again = Math.abs(nowMs - this.#lastTrapMs) < TRAP_WINDOW_MS;
    this.#lastTrapMs = nowMs;
    if (!again) return;
    const message = `the engine failed twice within 10 s: ${cause.message}`;
    this.#giveUp(new TidegateError("core/trap", message, cause), nowMs);
  }

  #reportReset(): void {
    const reason = this.#resetReason;
    if (reason === undefined) return;
    this.#resetReason = undefined;
    try {
      this.#events.onReset(reason);
    } catch (thrown) {
      this.#resetReason = reason;
      throw thrown;
    }
  }

  #build(): void {
    const home = instance();
    const options = new EngineOptions();
    try {
      this.#describe(options);
    } catch (thrown) {
      // With a full stack they may be in the middle of a call, and the instance will be given up.
      if (!isFullStack(thrown)) options.free();
      throw thrown;
    }
    const engine = new Engine(options);
    this.#ledgerAt = [engine.ledgerPtr(), engine.ledgerLen()];
    this.#ledger = new Float64Array();
    this.#buffer.attach(engine, home.memory);
    this.#home = home;
    this.#engine = engine;
  }

  /** The dead engine is dropped, never freed: in the new instance something else lies there. */
  #rebuild(): void {
    const [address, length] = this.#ledgerAt;
    const dead = new Float64Array(this.#home.memory.buffer, address, length);
    reset(this.#home.epoch);
    this.lost += this.#buffer.drop();
    try {
      this.#build();
    } catch (thrown) {
      // It may have been left in the middle in its turn.
      reset(epoch());
      throw thrown;
    }
    this.generation += 1;
    this.#engine?.restore(dead);
  }

  /** Keeps the totals readable and takes nothing more. */
  #giveUp(error: TidegateError, nowMs: number = Number.NaN): void {
    this.#retired = true;
    this.lost += this.#buffer.drop();
    this.#buffer.detach();
    try {
      this.#engine?.close(nowMs);
    } catch {
      this.#engine = undefined;
    }
    this.#events.onDead(error);
  }

  /** Memory that has grown leaves its old buffer behind, empty. */
  #ledgerView(): Float64Array {
    if (this.#ledger.length === 0) {
      this.#ledger = new Float64Array(this.#home.memory.buffer, ...this.#ledgerAt);
    }
    return this.#ledger;
  }
}

/** The counter that leads the ledger. */
const EMITTED = 0;
