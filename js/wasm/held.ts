/** An object of the core that outlives its instance: it is made again from what JavaScript knows of it. */
import { fromCore, TidegateError } from "../errors.ts";
import { epoch, type Instance, instance, reset } from "./instance.ts";

/**
 * Makes its object at the first use, and anew once the instance it lay in is gone: after a trap here or in
 * any collector. The glue frees the memory of an object that nobody refers to any more, where the runtime has
 * a FinalizationRegistry and the instance still lives; one of a dead instance is dropped, never freed.
 */
export class Held<T extends object> {
  readonly #make: (dead: WebAssembly.Memory | undefined) => T;
  #object: T | undefined;
  #home: Instance | undefined;
  #resets = 0;

  /** `make` is given the memory of the dead instance, if there was one: it stays readable. */
  constructor(make: (dead: WebAssembly.Memory | undefined) => T) {
    this.#make = make;
  }

  /** How often the object was lost with its instance. */
  get resets(): number {
    return this.#resets;
  }

  /** Runs `work`; a trap is made good once. Throws TidegateError for what the core refuses. */
  use<R>(work: (object: T) => R): R {
    for (let again = true; ; again = false) {
      try {
        return work(this.#live());
      } catch (thrown) {
        if (typeof thrown === "string") throw fromCore(thrown);
        // A host at the end of its own stack is no fault of the core.
        if (thrown instanceof TidegateError || thrown instanceof RangeError) throw thrown;
        reset(epoch());
        if (!again) throw fromCore(thrown);
      }
    }
  }

  #live(): T {
    if (this.#object !== undefined && this.#home?.epoch === epoch()) return this.#object;
    const home = instance();
    const made = this.#make(this.#home?.memory);
    if (this.#object !== undefined) this.#resets += 1;
    this.#home = home;
    this.#object = made;
    return made;
  }
}
