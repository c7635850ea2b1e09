/** Requests written straight into the core's memory and told of once for many: the boundary is crossed for them all. */
import type { Core } from "./core.ts";
import { encoder, writeText } from "./text.ts";

/** As in the core: requests staged at most, numbers of each, and bytes of all their texts. */
const REQUESTS = 64;
const WORDS = 3;
const BYTES = REQUESTS * 256;
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
  /** The names of those written by text, and which of all they are. */
  readonly #names: string[] = [];
  readonly #rows: number[] = [];
  #newcomers = 0;
  /** Characters of their names. */
  #chars = 0;
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
    const flags = core.staged(this.count, this.#writeNames(), this.#clock());
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

  /** Takes a name that has no number. Returns what the core is to know of it; undefined: there is no room for it. */
  #put(name: unknown, isPath: boolean): number | undefined {
    if (typeof name !== "string" || name === "") return undefined;
    const { length } = name;
    const chars = this.#chars + length;
    if (length * 3 > TEXT_MAX || chars * 3 > BYTES) return undefined;
    this.#chars = chars;
    this.#names[this.#newcomers] = name;
    this.#rows[this.#newcomers] = this.count;
    this.#newcomers += 1;
    return (isPath ? IS_PATH : 0) + length * LENGTH;
  }

  /** Writes the names taken, one after the other. Returns their bytes. */
  #writeNames(): number {
    if (this.#newcomers === 0) return 0;
    // At once: a call of the encoder costs more than a name, and so does a loop over its characters.
    const names = this.#names.slice(0, this.#newcomers).join("");
    const { written } = encoder.encodeInto(names, this.#bytes);
    return written === this.#chars ? written : this.#writeEach();
  }

  /** Writes each by itself, and of each that is not plain ASCII its length in bytes. */
  #writeEach(): number {
    const words = this.#view();
    let end = 0;
    for (let n = 0; n < this.#newcomers; n += 1) {
      const name = this.#names[n] as string;
      const start = end;
      end = writeText(name, this.#bytes, start);
      const at = HEAD + (this.#rows[n] as number) * WORDS + 2;
      words[at] = (words[at] as number) + (end - start - name.length) * LENGTH;
    }
    return end;
  }

  /** Learns the numbers that the core has answered to those written by text; below 0: it has none. */
  #meet(): void {
    const words = this.#view();
    for (let n = 0; n < this.#newcomers; n += 1) {
      const row = this.#rows[n] as number;
      const number = words[ANSWERS + row] as number;
      if (number < 0) continue;
      const isPath = Math.floor((words[HEAD + row * WORDS + 2] as number) / IS_PATH) % 2 === 1;
      if (isPath && this.#paths.size >= PATHS_MAX) this.#paths.clear();
      (isPath ? this.#paths : this.#routes).set(this.#names[n] as string, number);
    }
  }

  #forgetRoutes(): void {
    this.#routes.clear();
    this.#paths.clear();
  }

  #empty(): void {
    this.count = 0;
    this.#chars = 0;
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
