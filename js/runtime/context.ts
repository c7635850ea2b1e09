/** Finds the request that the running code belongs to, where the runtime can tell. */
import type { ContextStorage } from "../types/options.ts";
import { dynamicImport } from "./dynamic-import.ts";

interface StorageClass {
  new (): ContextStorage;
}

interface AsyncHooks {
  readonly AsyncLocalStorage?: StorageClass;
}

interface Globals {
  readonly process?: { getBuiltinModule?(name: string): unknown };
}

const MODULE_NAME = "node:async_hooks";

export class RequestContext {
  #storage: ContextStorage | undefined;
  #isSearched: boolean;

  /** `given` is a storage of the user's, used instead of the runtime's. */
  constructor(given: ContextStorage | undefined) {
    this.#storage = given;
    this.#isSearched = given !== undefined;
  }

  /** Runs `work` with `store` as its current request. `work` runs exactly once, also without a storage. */
  run<T>(store: object, work: () => T): T {
    const storage = this.#find();
    if (storage === undefined) return work();
    let isRunning: boolean | undefined;
    let result: T | undefined;
    try {
      storage.run(store, () => {
        isRunning = true;
        result = work();
        isRunning = false;
        return result;
      });
    } catch (cause) {
      // An error of the work belongs to the caller, one of the storage does not.
      if (isRunning === true) throw cause;
    }
    // A storage may not run the work, or not give back what it returns.
    return isRunning === undefined ? work() : (result as T);
  }

  current(): unknown {
    try {
      return this.#storage?.getStore();
    } catch {
      return undefined;
    }
  }

  /** Searches at the first request, since construction has no effects. An import is not awaited: later requests use it. */
  #find(): ContextStorage | undefined {
    if (this.#isSearched) return this.#storage;
    this.#isSearched = true;
    const { process } = globalThis as unknown as Globals;
    this.#adopt(() => process?.getBuiltinModule?.(MODULE_NAME));
    // Vercel's edge, and Next's, have the class as a global.
    if (this.#storage === undefined) this.#adopt(() => globalThis);
    if (this.#storage === undefined) {
      dynamicImport(MODULE_NAME)?.then(
        (found) => this.#adopt(() => found),
        () => {},
      );
    }
    return this.#storage;
  }

  #adopt(find: () => unknown): void {
    try {
      const Storage = (find() as AsyncHooks | undefined)?.AsyncLocalStorage;
      if (typeof Storage === "function") this.#storage = new Storage();
    } catch {
      // The runtime has the method but not the module.
    }
  }
}
