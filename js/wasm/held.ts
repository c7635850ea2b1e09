/** An object of the core that outlives its instance: it is made again from what JavaScript knows of it. */
import { fromCore, TidegateError } from "../errors.ts";
import type { Freeing, Handle } from "./exports.ts";
import { epoch, type Instance, instance, own, reset } from "./instance.ts";

/** Makes an object; 0: it is refused. `dead` is where the last one lay, in a memory that stays readable. */
type Make = (home: Instance, dead: DataView | undefined) => Handle;

/**
 * Makes its object at the first use, and anew once the instance it lay in is gone: after a trap here or in
 * any collector. One of a dead instance is dropped, never freed.
 */
export class Held {
  readonly #free: Freeing;
  readonly #make: Make;
  #handle = 0;
  #home: Instance | undefined;
  #resets = 0;

  constructor(free: Freeing, make: Make) {
    this.#free = free;
    this.#make = make;
  }

  /** How often the object was lost with its instance. */
  get resets(): number {
    return this.#resets;
  }

  /** Runs `work`; a trap is made good once. Throws TidegateError for what the core refuses. */
  use<R>(work: (home: Instance, handle: Handle) => R): R {
    for (let again = true; ; again = false) {
      try {
        return work(this.#live(), this.#handle);
      } catch (thrown) {
        // A host at the end of its own stack is no fault of the core.
        if (thrown instanceof TidegateError || thrown instanceof RangeError) throw thrown;
        // A smaller module that lacks the function has not failed either.
        if (thrown instanceof TypeError) throw fromCore(thrown);
        reset(epoch());
        if (!again) throw fromCore(thrown);
      }
    }
  }

  #live(): Instance {
    const last = this.#home;
    if (last?.epoch === epoch()) return last;
    const home = instance();
    const made = this.#make(home, last && new DataView(last.memory.buffer, this.#handle >>> 0));
    if (made === 0) throw home.desk.error();
    own(this, this.#free, made);
    if (last !== undefined) this.#resets += 1;
    this.#home = home;
    this.#handle = made;
    return home;
  }
}
