/** The counters of one engine, as they lie in wasm memory. They stay readable after the engine has failed. */

/** The first counter: events that the engine has begun. */
export const EMITTED = 0;

export class Ledger {
  /** A view of the counters. It becomes empty when the memory grows; `view()` makes it again. */
  words: Float64Array = new Float64Array();
  readonly #memory: WebAssembly.Memory;
  readonly #at: readonly [address: number, length: number];

  constructor(memory: WebAssembly.Memory, address: number, length: number) {
    this.#at = [address, length];
    this.#memory = memory;
  }

  view(): Float64Array {
    if (this.words.length === 0) this.words = new Float64Array(this.#memory.buffer, ...this.#at);
    return this.words;
  }
}
