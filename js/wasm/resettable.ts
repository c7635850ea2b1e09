/** An object of the engine that outlives its instance: it is made again from what JavaScript knows of it. */
import { fromEngine, hasCode, isFullStack } from "../errors.ts";
import { epoch, type Instance, instance, reset } from "./instance.ts";

/** Makes the object. `dead` is the memory of the instance that the last one lay in: it stays readable. */
type Make<T> = (dead: WebAssembly.Memory | undefined) => T;

/**
 * Makes its object at the first use, and anew once the instance it lay in is gone: after a trap here or in any
 * collector. An object of a dead instance is dropped, never freed.
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

  /** Runs `work`; a trap is made good once. Throws TidegateError for what the engine refuses. */
  use<R>(work: (object: T) => R): R {
    for (let isFirst = true; ; isFirst = false) {
      try {
        return work(this.#live());
      } catch (thrown) {
        if (hasCode(thrown)) throw fromEngine(thrown);
        // A host at the end of its own stack is no fault of the engine's: if it left an object in the middle of a
        // call, the next call finds out.
        if (isFullStack(thrown)) throw thrown;
        reset(epoch());
        if (!isFirst) throw fromEngine(thrown);
      }
    }
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
