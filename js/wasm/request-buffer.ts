/** Requests written straight into wasm memory, and recorded by one call for up to 64. */
import type { Answered, RequestAnswers } from "../types/request-answers.ts";
import { areIdsReset, bufferLimit, methodIdOf } from "./flags.ts";
import type { Engine } from "./generated/tidegate.js";
import {
  BECAME,
  BEGUN,
  DURATION,
  FIRST_WRITTEN,
  HEAD,
  IS_PATH,
  LENGTH,
  LENGTH_MAX,
  METHOD,
  PACKED,
  REFUSED,
  REQUESTS,
  ROUTE_ID,
  ROW,
  START,
  STATUS,
  STATUS_MAX,
  TEXT_BYTES,
} from "./request-layout.ts";

/** A program has few routes, but paths have no end. */
const PATHS_MAX = 1024;

/** In halves of words. */
const FIRST_ROW = 2 * HEAD;
const ROW_HALVES = 2 * ROW;

const encoder = new TextEncoder();

export class RequestBuffer {
  /** Requests written since the last call. */
  count = 0;
  /** Requests until a call is due, by the engine's last answer: it must see in time that a batch is full. */
  #limit = 1;
  readonly #routeIds = new Map<string, number>();
  /** The ids of raw paths, each with its mark. Apart from routes: a route of the same text is kept as it is. */
  readonly #pathIds = new Map<string, number>();
  readonly #methodIds = new Map<string, number>();
  /** The method of the last request: most are GET. */
  #method: unknown;
  #methodId: number | undefined;
  /** The last answer was not processed to its end: it may have said that all route ids are void. */
  #isAnswerLost = false;
  #memory: WebAssembly.Memory | undefined;
  #addresses: readonly [words: number, text: number] = [0, 0];
  #words = new Float64Array();
  /** The words in halves: an id is bytes, which reading it as a number could change. */
  #halves = new Uint32Array();
  #text = new Uint8Array();
  /** Routes without an id, and the rows of their requests. */
  readonly #texts: string[] = [];
  readonly #rows: number[] = [];
  #textCount = 0;
  /** For the answers to the buffered requests, if one of them wants its own. */
  #answers: RequestAnswers | undefined;
  /** Characters of all texts. */
  #chars = 0;
  readonly #clock: () => number;

  /** `clock` returns the engine's time. */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** Writes to these addresses of an engine's memory from now on. Ids of another engine mean nothing to it. */
  attach(memory: WebAssembly.Memory, words: number, text: number): void {
    this.detach();
    this.#memory = memory;
    this.#addresses = [words, text];
    this.#limit = 1;
  }

  /** Accepts no more requests. */
  detach(): void {
    this.#forgetRoutes();
    this.#methodIds.clear();
    this.#method = undefined;
    this.#methodId = undefined;
    this.#words = new Float64Array();
    this.#answers = undefined;
    this.count = 0;
  }

  get isFull(): boolean {
    return this.count >= this.#limit;
  }

  /** Writes one request. Returns false if it has to be recorded by a call of its own. */
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
    // NaN means unknown in the buffer, but a NaN of the user's is unusable.
    if (durationMs !== undefined && !(duration >= 0)) return false;
    const words = this.#view();
    if (this.count === 0) this.#begin(words);
    const rest = methodId * METHOD + Math.trunc(status) * STATUS;
    const at = HEAD + this.count * ROW;
    const route = this.#idsOf(isPath).get(name as string) ?? this.#addText(name, isPath);
    if (route === undefined) return false;
    // Nothing is called from here on: with a full stack a call throws, and the text would lie there without its request.
    words[at + START] = startMs;
    words[at + DURATION] = duration;
    words[at + PACKED] = route + rest;
    this.count += 1;
    return true;
  }

  /** Records the written requests. Returns the engine's flags. */
  flush(engine: Engine): number {
    this.#isAnswerLost = true;
    const flags = engine.recordRequests(this.count, this.#writeTexts(), this.#clock());
    const { count } = this;
    // The requests are recorded: this stands before any further call, which would throw if the stack is full.
    this.count = 0;
    this.#takeAnswers(count);
    this.applyFlags(flags);
    if (areIdsReset(flags)) this.#forgetRoutes();
    else if (this.#textCount > 0) this.#learnRouteIds();
    this.#isAnswerLost = false;
    return flags;
  }

  /** `request` is the one that was written last. It gets its answer with the next flush. */
  keepLast(request: Answered): void {
    this.#answers ??= { rows: undefined };
    request.answers = this.#answers;
    request.row = this.count - 1;
  }

  /** `request` was recorded by a call of its own. */
  keepAnswer(request: Answered): void {
    this.#view();
    request.answers = { rows: this.#halves.slice(FIRST_ROW, FIRST_ROW + ROW_HALVES) };
    request.row = 0;
  }

  /** Runs `work`, a call that reads the answer to `request` and may add to it. Nothing must be buffered. */
  withAnswer<T>({ answers, row }: Answered, work: () => T): T {
    const words = this.#view();
    const rows = answers?.rows;
    const at = row * ROW_HALVES;
    if (rows === undefined) words.fill(0, HEAD, HEAD + ROW).fill(REFUSED, HEAD + BECAME, HEAD + BECAME + 1);
    else this.#halves.set(rows.subarray(at, at + ROW_HALVES), FIRST_ROW);
    const result = work();
    this.#view();
    rows?.set(this.#halves.subarray(FIRST_ROW, FIRST_ROW + ROW_HALVES), at);
    return result;
  }

  /** Takes the limit out of the engine's answer. */
  applyFlags(flags: number): void {
    this.#limit = bufferLimit(flags);
  }

  /** Drops the requests that a failed engine has not begun. Returns how many. */
  drop(): number {
    this.#answers = undefined;
    const lost = this.count === 0 ? 0 : Math.max(this.count - (this.#view()[BEGUN] ?? 0), 0);
    this.count = 0;
    return lost;
  }

  /** Remembers the id of a method, if the engine's answer has one. */
  learnMethodId(method: string, flags: number): void {
    const id = methodIdOf(flags);
    if (id === undefined) return;
    this.#method = method;
    this.#methodId = id;
    this.#methodIds.set(method, id);
  }

  /** Adds the text of a route without an id. Returns its part of the packed word; undefined: there is no room. */
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
    // One call for all: a call of the encoder costs more than a name.
    const { written } = encoder.encodeInto(this.#texts.slice(0, this.#textCount).join(""), this.#text);
    return written === this.#chars ? written : this.#writeEach();
  }

  /** Writes each text by itself, and corrects the lengths of those that are not plain ASCII. */
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

  #takeAnswers(count: number): void {
    const answers = this.#answers;
    if (answers === undefined) return;
    this.#answers = undefined;
    this.#view();
    answers.rows = this.#halves.slice(FIRST_ROW, FIRST_ROW + count * ROW_HALVES);
  }

  #learnRouteIds(): void {
    const words = this.#view();
    for (let n = 0; n < this.#textCount; n += 1) {
      const at = HEAD + (this.#rows[n] as number) * ROW;
      const id = words[at + ROUTE_ID] as number;
      if (id < 0) continue;
      const isPath = Math.floor((words[at + PACKED] as number) / IS_PATH) % 2 === 1;
      if (isPath && this.#pathIds.size >= PATHS_MAX) this.#pathIds.clear();
      this.#idsOf(isPath).set(this.#texts[n] as string, isPath ? IS_PATH + id : id);
    }
  }

  #idsOf(isPath: boolean): Map<string, number> {
    return isPath ? this.#pathIds : this.#routeIds;
  }

  #forgetRoutes(): void {
    this.#routeIds.clear();
    this.#pathIds.clear();
  }

  /** Called before the first request is written: the clock is the user's, and may throw or call back. */
  #begin(words: Float64Array): void {
    if (this.#isAnswerLost) this.#forgetRoutes();
    this.#isAnswerLost = false;
    this.#chars = 0;
    this.#textCount = 0;
    words[FIRST_WRITTEN] = this.#clock();
  }

  /** Views of the memory. When the memory grows, earlier views become empty. */
  #view(): Float64Array {
    if (this.#words.length === 0 && this.#memory !== undefined) {
      const { buffer } = this.#memory;
      const [words, text] = this.#addresses;
      this.#words = new Float64Array(buffer, words, HEAD + REQUESTS * ROW);
      this.#halves = new Uint32Array(buffer, words, 2 * (HEAD + REQUESTS * ROW));
      this.#text = new Uint8Array(buffer, text, TEXT_BYTES);
    }
    return this.#words;
  }
}
