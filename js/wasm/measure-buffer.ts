/** Numbers of metrics, written straight into wasm memory as series id and number, and recorded by one call for up to 64. */
import type { Engine } from "./generated/tidegate.js";

/** The layout is documented in src/wasm/measuring.rs. */
const ROWS = 64;
const BEGUN = 0;
const HEAD = 1;

export class MeasureBuffer {
  /** Numbers written since the last call. */
  count = 0;
  #memory: WebAssembly.Memory | undefined;
  #address = 0;
  #words = new Float64Array();

  /** Writes to `address` of an engine's memory from now on. */
  attach(memory: WebAssembly.Memory, address: number): void {
    this.detach();
    this.#address = address;
    this.#memory = memory;
  }

  /** Accepts no more numbers. */
  detach(): void {
    this.#words = new Float64Array();
    this.#memory = undefined;
    this.count = 0;
  }

  get isFull(): boolean {
    return this.count === ROWS;
  }

  write(series: number, value: number): void {
    const words = this.#view();
    const at = HEAD + 2 * this.count;
    words[at] = series;
    words[at + 1] = value;
    this.count += 1;
  }

  /** Records the written numbers. Returns the engine's flags. */
  flush(engine: Engine, nowMs: number): number {
    const flags = engine.measure(this.count, nowMs);
    this.count = 0;
    return flags;
  }

  /** Drops the numbers that a failed engine has not begun. Returns how many. */
  drop(): number {
    const lost = this.count === 0 ? 0 : Math.max(this.count - (this.#view()[BEGUN] ?? 0), 0);
    this.count = 0;
    return lost;
  }

  /** When the memory grows, an earlier view becomes empty. */
  #view(): Float64Array {
    if (this.#words.length === 0 && this.#memory !== undefined) {
      this.#words = new Float64Array(this.#memory.buffer, this.#address, HEAD + 2 * ROWS);
    }
    return this.#words;
  }
}
