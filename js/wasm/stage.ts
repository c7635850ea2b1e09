/** Requests written straight into the core's memory and told of once for many: the boundary is crossed for them all. */
import type { Core } from "./core.ts";
import { writeText } from "./text.ts";

/** As in the core: requests staged at most, numbers of each, and bytes of all their texts. */
const REQUESTS = 64;
const WORDS = 3;
const BYTES = REQUESTS * 128;
/** How many the core has begun; when the first was written; then the core's answer to each. */
const ANSWERS = 2;
const HEAD = ANSWERS + REQUESTS;
/** What cannot be packed into the low 53 bits is recorded the long way. */
const STATUS_MAX = 999;
const TEXT_MAX = 1023;
const METHOD = 2 ** 16;
const STATUS = 2 ** 32;
const IS_PATH = 2 ** 42;
const LENGTH = 2 ** 43;
/** Paths have no end, where routes have one. */
const PATHS_MAX = 1024;
/** Among the core's flags: the numbers of routes are void. */
const RENEWED = 1;
/** Where the core says among its flags how many it wants to be told of at once; above, the number of a method, plus 1. */
const ROOM_BITS = 3;
const METHOD_BITS = 16;

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
  #methodNumber: number | undefined;
  #memory: WebAssembly.Memory | undefined;
  #addresses: readonly [words: number, texts: number] = [0, 0];
  #words = new Float64Array();
  #bytes = new Uint8Array();
  /** Where the next text goes. */
  #end = 0;
  /** The names of those written by text, in their order. */
  readonly #names: string[] = [];
  #newcomers = 0;
  readonly #clock: () => number;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** Numbers mean something to one core only. */
  enter(core: Core, memory: WebAssembly.Memory): void {
    this.leave();
    this.#memory = memory;
    this.#addresses = core.stage();
    this.#limit = 1;
  }

  /** From now on everything is told the long way. */
  leave(): void {
    this.#forgetRoutes();
    this.#methods.clear();
    this.#method = undefined;
    this.#methodNumber = undefined;
    this.#words = new Float64Array();
    this.#empty();
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
    const methodNumber = method === this.#method ? this.#methodNumber : this.#methods.get(method as string);
    if (methodNumber === undefined) return false;
    const duration = durationMs === undefined ? Number.NaN : durationMs;
    if (typeof status !== "number" || !(status >= 0 && status <= STATUS_MAX)) return false;
    if (typeof startMs !== "number" || typeof duration !== "number") return false;
    // A NaN of the user's is unusable, and ours is unknown.
    if (durationMs !== undefined && !(duration >= 0)) return false;
    const words = this.#view();
    const at = HEAD + this.count * WORDS;
    const route = (isPath ? this.#paths : this.#routes).get(name as string) ?? this.#put(name, isPath);
    if (route === undefined) return false;
    if (this.count === 0) words[1] = this.#clock();
    words[at] = startMs;
    words[at + 1] = duration;
    words[at + 2] = route + methodNumber * METHOD + Math.trunc(status) * STATUS;
    this.count += 1;
    return true;
  }

  /** Tells the core. Returns its flags. */
  tell(core: Core): number {
    const flags = core.staged(this.count, this.#clock());
    this.#view()[0] = 0;
    if ((flags & RENEWED) !== 0) this.#forgetRoutes();
    else if (this.#newcomers > 0) this.#meet();
    this.#empty();
    this.heed(flags);
    return flags;
  }

  /** The core has answered an event with `flags`. */
  heed(flags: number): void {
    this.#limit = (flags % METHOD) >> ROOM_BITS;
  }

  /** Forgets what a dead core has not begun. Returns how many that were. */
  forget(): number {
    const { count } = this;
    this.#empty();
    return count === 0 ? 0 : Math.max(count - (this.#view()[0] ?? 0), 0);
  }

  /** Learns the number of a method, if the core has told one with its flags. */
  learn(method: string, flags: number): void {
    const number = (flags >> METHOD_BITS) - 1;
    if (number < 0) return;
    this.#method = method;
    this.#methodNumber = number;
    this.#methods.set(method, number);
  }

  /** Writes a name that has no number. Returns where it lies, as the core reads it; undefined: there is no room for it. */
  #put(name: unknown, isPath: boolean): number | undefined {
    if (typeof name !== "string" || name === "") return undefined;
    const start = this.#end;
    if (name.length * 3 > Math.min(TEXT_MAX, BYTES - start)) return undefined;
    this.#end = writeText(name, this.#bytes, start);
    this.#names[this.#newcomers] = name;
    this.#newcomers += 1;
    return start + (isPath ? IS_PATH : 0) + (this.#end - start) * LENGTH;
  }

  /** Learns the numbers that the core has answered to those written by text; below 0: it has none. */
  #meet(): void {
    const words = this.#view();
    for (let row = 0, n = 0; n < this.#newcomers; row += 1) {
      const written = words[HEAD + row * WORDS + 2] as number;
      if (written < LENGTH) continue;
      const name = this.#names[n++] as string;
      const number = words[ANSWERS + row] as number;
      if (number < 0) continue;
      const isPath = Math.floor(written / IS_PATH) % 2 === 1;
      if (isPath && this.#paths.size >= PATHS_MAX) this.#paths.clear();
      (isPath ? this.#paths : this.#routes).set(name, number);
    }
  }

  #forgetRoutes(): void {
    this.#routes.clear();
    this.#paths.clear();
  }

  #empty(): void {
    this.count = 0;
    this.#end = 0;
    this.#newcomers = 0;
  }

  /** Memory that has grown has left its old buffer behind. */
  #view(): Float64Array {
    if (this.#words.length === 0 && this.#memory !== undefined) {
      const { buffer } = this.#memory;
      const [words, texts] = this.#addresses;
      this.#words = new Float64Array(buffer, words, HEAD + REQUESTS * WORDS);
      this.#bytes = new Uint8Array(buffer, texts, BYTES);
    }
    return this.#words;
  }
}
