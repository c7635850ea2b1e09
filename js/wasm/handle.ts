/** A `Core` that survives traps: the totals of a dead one go on in the next. */
import { fromCore, TidegateError } from "../errors.ts";
import { Core, type SetOption } from "./core.ts";
import { epoch, type Instance, instance, reset } from "./instance.ts";
import { Stage } from "./stage.ts";

/** Two traps within this time end the collector: a loop of resets would only burn the host's CPU. */
const TRAP_WINDOW_MS = 10_000;

const COUNTER_BYTES = 8;

/** What the collector wants to know, and the time it tells. All are called when no wasm call is on the stack. */
export interface HandleEvents {
  /** Host time. */
  now(): number;
  /** What the engine takes for the time. */
  engineNow(): number;
  onReset(reason: string): void;
  /** The core was told of the requests written, also where that was not what the caller wanted of it. */
  onTold(flags: number): void;
  onDead(error: TidegateError): void;
  /** Requests that no core has begun. */
  onLost(count: number): void;
}

export class CoreHandle {
  /** Goes up with each new core: leases and request tokens of an older one mean nothing here. */
  generation = 0;
  readonly #stage: Stage;
  readonly #describe: (set: SetOption) => void;
  readonly #events: HandleEvents;
  #core: Core | undefined;
  #home!: Instance;
  /** Where the counters lie, and how many they are. */
  #ledger: readonly [at: number, length: number] = [0, 0];
  #lastTrapMs = Number.NEGATIVE_INFINITY;
  #suspect = false;
  #retired = false;

  /** Throws TidegateError if the options are bad or wasm is blocked. */
  constructor(describe: (set: SetOption) => void, events: HandleEvents) {
    this.#describe = describe;
    this.#events = events;
    this.#stage = new Stage(() => events.engineNow());
    this.#build();
  }

  /** Where a request can be written for the core to be told of later; undefined: its instance is gone. */
  get stage(): Stage | undefined {
    return this.#home.epoch === epoch() ? this.#stage : undefined;
  }

  /** The core has answered an event with `flags`. */
  heed(flags: number): void {
    this.#stage.heed(flags);
  }

  /** After a request that was recorded the long way: the next one of its method can be written. */
  learn(...of: Parameters<Stage["learn"]>): void {
    this.#stage.learn(...of);
  }

  /** The core, told of all requests written and replaced if its instance is gone; undefined once it is given up. */
  live(): Core | undefined {
    if (this.#stage.count > 0) this.tell();
    return this.#current();
  }

  /** Tells the core of all requests written. Returns its flags. */
  tell(): number {
    const core = this.#current();
    if (core === undefined || this.#stage.count === 0) return 0;
    try {
      const flags = this.#stage.tell(core);
      this.#events.onTold(flags);
      return flags;
    } catch (cause) {
      this.trapped(cause);
      return 0;
    }
  }

  #current(): Core | undefined {
    if (this.#suspect) this.#probe();
    if (this.#retired) return undefined;
    if (this.#core !== undefined && this.#home.epoch !== epoch()) {
      this.#replace("another collector's core failed");
    }
    return this.#core;
  }

  /** Runs `work` on the core; a trap is made good and `fallback` returned. */
  run<T>(fallback: T, work: (core: Core) => T): T {
    const core = this.live();
    if (core === undefined) return fallback;
    try {
      return work(core);
    } catch (cause) {
      this.trapped(cause);
      return fallback;
    }
  }

  /** Reads from the core, also from one that was given up. */
  read<T>(fallback: T, work: (core: Core) => T): T {
    if (!this.#retired) return this.run(fallback, work);
    try {
      if (this.#home.epoch !== epoch()) this.#rebuild();
      return this.#core === undefined ? fallback : work(this.#core);
    } catch {
      return fallback;
    }
  }

  /** Called with whatever a call into the core threw. */
  trapped(cause: unknown, nowMs: number = this.#events.now()): void {
    // A host at the end of its own stack is no fault of the core: the next call looks whether it lives.
    if (cause instanceof RangeError && !this.#suspect) {
      this.#suspect = true;
      return;
    }
    this.#suspect = false;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const again = Math.abs(nowMs - this.#lastTrapMs) < TRAP_WINDOW_MS;
    this.#lastTrapMs = nowMs;
    this.#replace(reason);
    if (again && !this.#retired) {
      this.#retire(
        new TidegateError("core/trap", `the core failed twice within 10 s: ${reason}`, cause),
        nowMs,
      );
    }
  }

  #build(): void {
    this.#home = instance();
    this.#core = undefined;
    try {
      const core = new Core(this.#home, this.#describe);
      this.#ledger = core.ledger();
      this.#stage.enter(core, this.#home.memory);
      this.#core = core;
    } catch (thrown) {
      throw fromCore(thrown);
    }
  }

  /** The dead handle is dropped, never freed: in the new instance something else lies there. */
  #rebuild(): void {
    // The memory of a dead instance stays readable, and the ledger lies at a fixed address in it.
    const [at, length] = this.#ledger;
    const ledger = new Uint8Array(this.#home.memory.buffer, at, length * COUNTER_BYTES);
    this.#events.onLost(this.#stage.forget());
    reset(this.#home.epoch);
    this.generation += 1;
    this.#build();
    this.#core?.restore(ledger);
  }

  #replace(reason: string): void {
    try {
      this.#rebuild();
    } catch (thrown) {
      this.#core = undefined;
      this.#retire(fromCore(thrown), 0);
      return;
    }
    this.#events.onReset(reason);
  }

  /** Keeps the totals readable and takes nothing more. */
  #retire(error: TidegateError, nowMs: number): void {
    this.#retired = true;
    this.#events.onLost(this.#stage.forget());
    this.#stage.leave();
    try {
      this.#core?.close(nowMs);
    } catch {
      this.#core = undefined;
    }
    this.#events.onDead(error);
  }

  #probe(): void {
    try {
      // An instance that a stack overflow left in the middle of a call refuses every further one.
      if (this.#home.epoch === epoch()) this.#core?.flushing(Number.NaN);
      this.#suspect = false;
    } catch (cause) {
      if (!(cause instanceof RangeError)) this.trapped(cause, Number.NEGATIVE_INFINITY);
    }
  }
}
