/** An object in wasm memory that outlives its instance: JavaScript can make it again. */
import { fromEngine, hasCode, isFullStack } from "./errors.ts";
import { epoch, type Instance, instance, reset } from "./instance.ts";

/** Makes the object. `dead` is the memory of the failed instance with the last object in it; it is still readable. */
type Make<T> = (dead: WebAssembly.Memory | undefined) => T;

/**
 * Makes its object at the first use, and again after its instance has failed, here or in any collector.
 *
 * An object of a failed instance is dropped, never freed: its address belongs to another object by then.
 */
export class Resettable<T> {
  readonly #make: Make<T>;
  #object: T | undefined;
  #home: Instance | undefined;
  #resets = 0;

  constructor(make: Make<T>) {
    this.#make = make;
  }

  /** How often the object was lost with its instance. */
  get resets(): number {
    return this.#resets;
  }

  /** Runs `work`, and once more on a new object after a trap. Throws TidegateError for arguments that the engine refuses. */
  use<R>(work: (object: T) => R): R {
    for (let isFirst = true; ; isFirst = false) {
      try {
        return work(this.#live());
      } catch (thrown) {
        if (hasCode(thrown)) throw fromEngine(thrown);
        // A full stack is the host's and no reason for a reset. It may have left the object in the middle of a call:
        // the object then refuses the next call, which resets it.
        if (isFullStack(thrown)) throw thrown;
        reset(epoch());
        if (!isFirst) throw fromEngine(thrown);
      }
    }
  }

  /** Gives the object back by `free`. The next use makes another one, which is no reset. */
  release(free: (object: T) => void): void {
    const [object, home] = [this.#object, this.#home];
    this.#object = undefined;
    this.#home = undefined;
    // What belongs to a failed instance must not be freed in the present one.
    if (object !== undefined && home?.epoch === epoch()) free(object);
  }

  #live(): T {
    const last = this.#home;
    if (this.#object !== undefined && last?.epoch === epoch()) return this.#object;
    const home = instance();
    const made = this.#make(last?.memory);
    if (last !== undefined) this.#resets += 1;
    this.#home = home;
    this.#object = made;
    return made;
  }
}
