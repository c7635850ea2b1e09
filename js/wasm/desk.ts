/** The desk of an instance: where texts and bytes are put down for a call into it, and where it leaves some. */
import { fromCore, type TidegateError } from "../errors.ts";
import type { Exports, Handle } from "./exports.ts";
import { writeText } from "./text.ts";

export type Value = string | number | boolean | Uint8Array | undefined;

/** As in src/wasm/desk.rs: before each value stands its length, or one of these. */
const ABSENT = 0xffff_ffff;
const NUMBER = ABSENT - 1;
const TRUE = ABSENT - 2;
const FALSE = ABSENT - 3;
const HEAD = 4;
export const NUMBER_BYTES = 8;
const LINE_FEED = 10;

const LEAST_BYTES = 4096;

export class Desk {
  readonly handle: Handle;
  readonly #wasm: Exports;
  readonly #decoder = new TextDecoder();
  #bytes = new Uint8Array();
  #view = new DataView(this.#bytes.buffer);

  constructor(wasm: Exports) {
    this.#wasm = wasm;
    this.handle = wasm.desk_new();
  }

  /** Puts down all that the next call reads; a list that it reads to its end ends with `undefined`. */
  give(values: readonly Value[]): void {
    let end = 0;
    for (const value of values) end = this.#put(value, end);
  }

  /** What the last call has left: gone with the next one. */
  result(): Uint8Array {
    const { handle } = this;
    const wasm = this.#wasm;
    return new Uint8Array(wasm.memory.buffer, wasm.desk_result(handle) >>> 0, wasm.desk_length(handle) >>> 0);
  }

  text(bytes: Uint8Array = this.result()): string {
    return this.#decoder.decode(bytes);
  }

  /** The first numbers of what the last call has left. */
  numbers(count: number): number[] {
    const { buffer, byteOffset } = this.result();
    const view = new DataView(buffer, byteOffset);
    const numbers: number[] = [];
    for (let at = 0; at < count; at += 1) numbers.push(view.getFloat64(at * NUMBER_BYTES, true));
    return numbers;
  }

  json<T>(bytes?: Uint8Array): T {
    return JSON.parse(this.text(bytes)) as T;
  }

  /** A line of JSON, and the bytes after it. */
  line<T>(): [line: T, rest: Uint8Array] {
    const result = this.result();
    const end = result.indexOf(LINE_FEED);
    return [this.json(result.subarray(0, end)), result.subarray(end + 1)];
  }

  /** What the last call has refused. */
  error(): TidegateError {
    return fromCore(this.text());
  }

  /**
   * Returns where the next value goes. Numbers are told first, and no two kinds are asked for the same property: V8 of
   * Node 20, where it copies a call into wasm into its caller, reads the length of a text before it has looked whether
   * there is a text, and crashes on a small number.
   */
  #put(value: Value, at: number): number {
    const start = at + HEAD;
    let end = start;
    let head = ABSENT;
    if (typeof value === "number") {
      head = NUMBER;
      end += NUMBER_BYTES;
      this.#reserve(end);
      this.#view.setFloat64(start, value, true);
    } else if (typeof value === "string") {
      this.#reserve(start + value.length * 3);
      end = writeText(value, this.#bytes, start);
      head = end - start;
    } else if (typeof value === "object") {
      head = value.byteLength;
      end += head;
      this.#reserve(end);
      this.#bytes.set(value, start);
    } else {
      if (value !== undefined) head = value ? TRUE : FALSE;
      this.#reserve(end);
    }
    this.#view.setUint32(at, head, true);
    return end;
  }

  /** Memory that has grown has left its old buffer behind, empty. */
  #reserve(bytes: number): void {
    if (bytes <= this.#bytes.length) return;
    const size = Math.max(bytes, LEAST_BYTES);
    const at = this.#wasm.desk_reserve(this.handle, size) >>> 0;
    this.#bytes = new Uint8Array(this.#wasm.memory.buffer, at, size);
    this.#view = new DataView(this.#bytes.buffer, at, size);
  }
}
