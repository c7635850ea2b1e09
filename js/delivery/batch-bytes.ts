/** The bytes of a batch for its sink: a copy that the sink keeps, or memory that is used again for later batches. */
import type { Sink } from "../types/sink.ts";

/** How much memory is kept for later batches: as much as a few sinks use at once. */
const SPARE_MAX = 4;
/** New memory is rounded up to a multiple of this, so that the next batch fits too. */
const STEP_BYTES = 16 * 1024;

export class BatchBytes {
  readonly #spare: ArrayBuffer[] = [];

  /** Copies `view`. The copy stays as it is until `reclaim`, or for ever if `sink` keeps its bytes. */
  copy(view: Uint8Array, sink: Sink): Uint8Array {
    // Faster than `slice`, which looks up the class to construct.
    if (!isReused(sink)) return new Uint8Array(view);
    const { length } = view;
    let memory = this.#spare.pop();
    // Memory is used again because the first touch of new memory takes longer than the copy itself.
    if (memory === undefined || memory.byteLength < length) {
      memory = new ArrayBuffer(Math.ceil(length / STEP_BYTES) * STEP_BYTES);
    }
    const bytes = new Uint8Array(memory, 0, length);
    bytes.set(view);
    return bytes;
  }

  /** `sink` has answered, so it no longer reads `bytes`. */
  reclaim(bytes: Uint8Array, sink: Sink): void {
    if (isReused(sink) && this.#spare.length < SPARE_MAX) this.#spare.push(bytes.buffer as ArrayBuffer);
  }
}

/** A sink for objects gets none of the bytes: they are read before it is called. */
function isReused(sink: Sink): boolean {
  return sink.format === "events" || sink.keepsBytes === false;
}
