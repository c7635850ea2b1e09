/** The bytes of a batch on their way to its sink: a copy of its own, or memory that is used again after it. */
import type { Sink } from "./types.ts";

/** Kept for later batches: what a few sinks have under way at once. */
const SPARE_MAX = 4;
/** New memory is rounded up to it, so that the next batch fits too. */
const STEP_BYTES = 16 * 1024;

export class BatchBytes {
  readonly #spare: ArrayBuffer[] = [];

  /** `view`, as bytes that `sink` may read until it has answered, or for ever. */
  copy(view: Uint8Array, sink: Sink): Uint8Array {
    // Faster than `slice`, which asks what it is to make.
    if (!isReturned(sink)) return new Uint8Array(view);
    const { length } = view;
    let memory = this.#spare.pop();
    // The first touch of new memory takes longer than the copy itself.
    if (memory === undefined || memory.byteLength < length) {
      memory = new ArrayBuffer(Math.ceil(length / STEP_BYTES) * STEP_BYTES);
    }
    const bytes = new Uint8Array(memory, 0, length);
    bytes.set(view);
    return bytes;
  }

  /** `sink` has answered to what `copy` has given it. */
  reclaim(bytes: Uint8Array, sink: Sink): void {
    if (isReturned(sink) && this.#spare.length < SPARE_MAX) this.#spare.push(bytes.buffer as ArrayBuffer);
  }
}

/** Of a sink for objects the bytes are read before it is called. */
function isReturned(sink: Sink): boolean {
  return sink.format === "events" || sink.keepsBytes === false;
}
