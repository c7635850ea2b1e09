/** Requests written straight into the core's memory and told of once for many: the boundary is crossed for them all. */
import type { Core } from "./core.ts";

/** As in the core: requests staged at most, and numbers of each. */
const REQUESTS = 64;
const WORDS = 3;
/** How many the core has begun; when the first was written. */
const HEAD = 2;
/** What cannot be packed into the low 53 bits is recorded the long way. */
const STATUS_MAX = 999;
const METHOD = 2 ** 16;
const STATUS = 2 ** 32;
/** Paths have no end, where routes have one. */
const PATHS_MAX = 1024;
/** Where the core says among its flags how many it wants to be told of at once. */
const ROOM_BITS = 3;

export class Stage {
  /** Requests written and not told of. */
  count = 0;
  /** After how many the core is told, as it said last: so that no batch is found full too late. */
  #limit = 1;
  readonly #routes = new Map<string, number>();
  /** Raw paths apart, by the number of their template: as a route, a path would be kept as it is. */
  readonly #paths = new Map<string, number>();
  readonly #methods = new Map<string, number>();
  /** The one seen last: most often it is GET. */
  #method: unknown;
  #methodNumber = 0;
  #memory: WebAssembly.Memory | undefined;
  #address = 0;
  #words = new Float64Array();
  readonly #clock: () => number;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** Numbers mean something to one core only. */
  enter(core: Core, memory: WebAssembly.Memory): void {
    this.leave();
    this.#memory = memory;
    this.#address = core.stage();
    this.#limit = 1;
  }

  /** From now on everything is told the long way. */
  leave(): void {
    this.#routes.clear();
    this.#paths.clear();
    this.#methods.clear();
    this.#method = undefined;
    this.#words = new Float64Array();
    this.count = 0;
  }

  get isFull(): boolean {
    return this.count >= this.#limit;
  }

  /** Whether it could be written: false if the core has to be told the long way. */
  write(
    name: unknown,
    method: unknown,
    status: unknown,
    startMs: unknown,
    durationMs: unknown,
    isPath: boolean,
  ): boolean {
    const routeNumber = (isPath ? this.#paths : this.#routes).get(name as string);
    const methodNumber = method === this.#method ? this.#methodNumber : this.#methods.get(method as string);
    if (routeNumber === undefined || methodNumber === undefined) return false;
    const duration = durationMs === undefined ? Number.NaN : durationMs;
    if (typeof status !== "number" || !(status >= 0 && status <= STATUS_MAX)) return false;
    if (typeof startMs !== "number" || typeof duration !== "number") return false;
    // A NaN of the user's is unusable, and ours is unknown.
    if (durationMs !== undefined && !(duration >= 0)) return false;
    const words = this.#view();
    if (this.count === 0) words[1] = this.#clock();
    const at = HEAD + this.count * WORDS;
    words[at] = startMs;
    words[at + 1] = duration;
    words[at + 2] = routeNumber + methodNumber * METHOD + Math.trunc(status) * STATUS;
    this.count += 1;
    return true;
  }

  /** Tells the core. Returns its flags. */
  tell(core: Core): number {
    const flags = core.staged(this.count, this.#clock());
    this.count = 0;
    this.#view()[0] = 0;
    this.heed(flags);
    return flags;
  }

  /** The core has answered an event with `flags`. */
  heed(flags: number): void {
    this.#limit = flags >> ROOM_BITS;
  }

  /** Forgets what a dead core has not begun. Returns how many that were. */
  forget(): number {
    const { count } = this;
    this.count = 0;
    return count === 0 ? 0 : Math.max(count - (this.#view()[0] ?? 0), 0);
  }

  /** Learns the numbers of the request that the core was told of last. */
  learn(core: Core, name: string, method: string, isPath: boolean): void {
    const numbers = core.numbers();
    if (numbers < 0) return;
    if (numbers >= STATUS) {
      this.#routes.clear();
      this.#paths.clear();
    } else if (this.#paths.size >= PATHS_MAX) {
      this.#paths.clear();
    }
    (isPath ? this.#paths : this.#routes).set(name, numbers % METHOD);
    this.#method = method;
    this.#methodNumber = Math.floor((numbers % STATUS) / METHOD);
    this.#methods.set(method, this.#methodNumber);
  }

  /** Memory that has grown has left its old buffer behind. */
  #view(): Float64Array {
    if (this.#words.length === 0 && this.#memory !== undefined) {
      this.#words = new Float64Array(this.#memory.buffer, this.#address, HEAD + REQUESTS * WORDS);
    }
    return this.#words;
  }
}
