/** Finds the record of a request by the object that it came with. */
import type { RequestRecord } from "./runtime/link.ts";

/**
 * Weak, so that a record goes when its request goes. But in V8 an object that is or was a key of a WeakMap, a host object
 * above all, is left to the slow collection of old objects: each request of a Worker would pay for that. So the youngest
 * are listed, and only those that stay open for longer become keys.
 */
export class RequestIndex {
  readonly #young: RequestRecord[] = [];
  readonly #old = new WeakMap<object, RequestRecord>();
  readonly #limit: number;
  /** Where the next one goes: the place of the oldest. */
  #next = 0;

  /** `limit`: how many are listed, the last ones that are over among them. 0: none outlives its request here. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  add(record: RequestRecord): void {
    let leaving: RequestRecord | undefined = record;
    if (this.#limit > 0) {
      leaving = this.#young[this.#next];
      this.#young[this.#next] = record;
      this.#next = (this.#next + 1) % this.#limit;
    }
    if (leaving !== undefined && !leaving.isOver) this.#old.set(leaving.request, leaving);
  }

  /** The newest of them: an adapter within another's has opened it anew. */
  find(request: unknown): RequestRecord | undefined {
    const { length } = this.#young;
    for (let back = 1; back <= length; back += 1) {
      const record = this.#young[(this.#next + length - back) % length];
      if (record?.request === request) return record;
    }
    return typeof request === "object" && request !== null ? this.#old.get(request) : undefined;
  }
}
