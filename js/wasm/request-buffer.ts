/** Requests written straight into wasm memory and recorded by one call for up to 64. Its layout: src/wasm/requests.rs. */
import type { Engine } from "./generated/tidegate.js";

const REQUESTS = 64;
/** Words before the first request: how many have begun, and when the first was written. */
const BEGUN = 0;
const FIRST_WRITTEN = 1;
const HEAD = 2;
/** Words of a request. */
const ROW = 8;
const START = 0;
const DURATION = 1;
const PACKED = 2;
const ANSWER = 3;
const TEXT_BYTES = REQUESTS * 256;
/** The parts of the packed word. */
const METHOD = 2 ** 16;
const STATUS = 2 ** 32;
const IS_PATH = 2 ** 42;
const LENGTH = 2 ** 43;
const STATUS_MAX = 999;
const LENGTH_MAX = 1023;
/** Routes are few; paths have no end. */
const PATHS_MAX = 1024;
/** Bits of the engine's flags: all route ids are void; how many requests to buffer; the id of a method plus 1. */
const IDS_RESET = 1;
const LIMIT_SHIFT = 3;
const METHOD_SHIFT = 16;

const encoder = new TextEncoder();

export class RequestBuffer {
  /** Requests written since the last call. */
  count = 0;
  /** After how many a call is due, as the engine said last: so that no batch is found full too late. */
  #limit = 1;
  readonly #routeIds = new Map<string, number>();
  /** Raw paths apart, by the id of their template: as a route, a path would be kept as it is. */
  readonly #pathIds = new Map<string, number>();
  readonly #methodIds = new Map<string, number>();
  /** The method seen last: most often it is GET. */
  #method: unknown;
  #methodId: number | undefined;
  #memory: WebAssembly.Memory | undefined;
  #addresses: readonly [words: number, text: number] = [0, 0];
  #words = new Float64Array();
  #text = new Uint8Array();
  /** The routes given by text, and the rows of their requests. */
  readonly #texts: string[] = [];
  readonly #rows: number[] = [];
  #textCount = 0;
  /** Characters of the texts. */
  #chars = 0;
  readonly #clock: () => number;

  /** `clock` tells the engine's time. */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** Writes to `engine` from now on: ids mean something to one engine only. */
  attach(engine: Engine, memory: WebAssembly.Memory): void {
    this.detach();
    this.#memory = memory;
    this.#addresses = [engine.requestsPtr(), engine.requestTextPtr()];
    this.#limit = 1;
  }

  /** Takes no more requests. */
  detach(): void {
    this.#forgetRoutes();
    this.#methodIds.clear();
    this.#method = undefined;
    this.#methodId = undefined;
    this.#words = new Float64Array();
    this.count = 0;
  }

  get isFull(): boolean {
    return this.count >= this.#limit;
  }

  /** Whether the request could be written: false if it has to be recorded by a call of its own. */
  write(
    name: unknown,
    method: unknown,
    status: unknown,
    startMs: unknown,
    durationMs: unknown,
    isPath: boolean,
  ): boolean {
    const methodId = method === this.#method ? this.#methodId : this.#methodIds.get(method as string);
    if (methodId === undefined) return false;
    const duration = durationMs === undefined ? Number.NaN : durationMs;
    if (typeof status !== "number" || !(status >= 0 && status <= STATUS_MAX)) return false;
    if (typeof startMs !== "number" || typeof duration !== "number") return false;
    // A NaN of the user's is unusable, and ours is unknown.
    if (durationMs !== undefined && !(duration >= 0)) return false;
    const words = this.#view();
    if (this.count === 0) this.#begin(words);
    const rest = methodId * METHOD + Math.trunc(status) * STATUS;
    const at = HEAD + this.count * ROW;
    const route =
      (isPath ? this.#pathIds : this.#routeIds).get(name as string) ?? this.#addText(name, isPath);
    if (route === undefined) return false;
    // From here on nothing is called: with a full stack it would throw, and a text would be left without its request.
    words[at + START] = startMs;
    words[at + DURATION] = duration;
    words[at + PACKED] = route + rest;
    this.count += 1;
    return true;
  }

  /** Records what is written. Returns the engine's flags. */
  flush(engine: Engine): number {
    const flags = engine.recordRequests(this.count, this.#writeTexts(), this.#clock());
    // First, and without a call: they are recorded, whatever happens from here on.
    this.count = 0;
    this.applyFlags(flags);
    if ((flags & IDS_RESET) !== 0) this.#forgetRoutes();
    else if (this.#textCount > 0) this.#learnRouteIds();
    return flags;
  }

  /** The engine has answered an event with `flags`. */
  applyFlags(flags: number): void {
    this.#limit = (flags % METHOD) >> LIMIT_SHIFT;
  }

  /** Drops what a dead engine has not begun. Returns how many requests that were. */
  drop(): number {
    const { count } = this;
    this.count = 0;
    return count === 0 ? 0 : Math.max(count - (this.#view()[BEGUN] ?? 0), 0);
  }

  /** Learns the id of a method, if the engine has given one with its flags. */
  learnMethodId(method: string, flags: number): void {
    const id = (flags >> METHOD_SHIFT) - 1;
    if (id < 0) return;
    this.#method = method;
    this.#methodId = id;
    this.#methodIds.set(method, id);
  }

  /** Takes a route that has no id. Returns its part of the packed word; undefined: there is no room for it. */
  #addText(name: unknown, isPath: boolean): number | undefined {
    if (typeof name !== "string" || name === "") return undefined;
    const { length } = name;
    const chars = this.#chars + length;
    if (length * 3 > LENGTH_MAX || chars * 3 > TEXT_BYTES) return undefined;
    this.#texts[this.#textCount] = name;
    this.#rows[this.#textCount] = this.count;
    this.#chars = chars;
    this.#textCount += 1;
    return (isPath ? IS_PATH : 0) + length * LENGTH;
  }

  /** Writes the texts, one after the other. Returns their bytes. */
  #writeTexts(): number {
    if (this.#textCount === 0) return 0;
    this.#view();
    // All at once: a call of the encoder costs more than a name.
    const { written } = encoder.encodeInto(this.#texts.slice(0, this.#textCount).join(""), this.#text);
    return written === this.#chars ? written : this.#writeEach();
  }

  /** Writes each text by itself, and of those that are not plain ASCII the length in bytes. */
  #writeEach(): number {
    const words = this.#view();
    let end = 0;
    for (let n = 0; n < this.#textCount; n += 1) {
      const text = this.#texts[n] as string;
      const { written } = encoder.encodeInto(text, this.#text.subarray(end));
      const at = HEAD + (this.#rows[n] as number) * ROW + PACKED;
      words[at] = (words[at] as number) + (written - text.length) * LENGTH;
      end += written;
    }
    return end;
  }

  /** Learns the ids that the engine has given to routes written as text; below 0: none. */
  #learnRouteIds(): void {
    const words = this.#view();
    for (let n = 0; n < this.#textCount; n += 1) {
      const at = HEAD + (this.#rows[n] as number) * ROW;
      const id = words[at + ANSWER] as number;
      if (id < 0) continue;
      const isPath = Math.floor((words[at + PACKED] as number) / IS_PATH) % 2 === 1;
      if (isPath && this.#pathIds.size >= PATHS_MAX) this.#pathIds.clear();
      (isPath ? this.#pathIds : this.#routeIds).set(this.#texts[n] as string, id);
    }
  }

  #forgetRoutes(): void {
    this.#routeIds.clear();
    this.#pathIds.clear();
  }

  /** Before the first request: the clock is the user's, and may throw or call back. */
  #begin(words: Float64Array): void {
    this.#chars = 0;
    this.#textCount = 0;
    words[FIRST_WRITTEN] = this.#clock();
  }

  /** Memory that has grown leaves its old buffer behind, empty. */
  #view(): Float64Array {
    if (this.#words.length === 0 && this.#memory !== undefined) {
      const { buffer } = this.#memory;
      const [words, text] = this.#addresses;
      this.#words = new Float64Array(buffer, words, HEAD + REQUESTS * ROW);
      this.#text = new Uint8Array(buffer, text, TEXT_BYTES);
    }
    return this.#words;
  }
}
