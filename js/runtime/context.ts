/** Finds the request that the running code belongs to, where the runtime can tell. */
import type { ContextStorage } from "../types.ts";

interface StorageClass {
  new (): ContextStorage;
}

interface AsyncHooks {
  readonly AsyncLocalStorage?: StorageClass;
}

interface Host {
  readonly process?: { getBuiltinModule?(name: string): unknown };
}

/** A variable, so that no bundler resolves it: workerd without a flag has no such module. */
const MODULE_NAME = "node:async_hooks";

export class RequestContext {
  #storage: ContextStorage | undefined;
  #searched: boolean;

  /** `given`: a storage of the user's, used instead of the runtime's. */
  constructor(given: ContextStorage | undefined) {
    this.#storage = given;
    this.#searched = given !== undefined;
  }

  /** Runs `work` with `store` as its current request; `work` runs exactly once, storage or not. */
  run<T>(store: object, work: () => T): T {
    const storage = this.#find();
    if (storage === undefined) return work();
    let ran = false;
    const once = () => {
      ran = true;
      return work();
    };
    try {
      return storage.run(store, once);
    } catch (cause) {
      // Only a storage that failed before it ran the work is passed over; the work's own error is its caller's.
      if (ran) throw cause;
      return work();
    }
  }

  current(): unknown {
    try {
      return this.#storage?.getStore();
    } catch {
      return undefined;
    }
  }

  /** Looked for at the first request: construction is pure. The import is not awaited, it serves later requests. */
  #find(): ContextStorage | undefined {
    if (this.#searched) return this.#storage;
    this.#searched = true;
    try {
      const { process } = globalThis as unknown as Host;
      this.#adopt(process?.getBuiltinModule?.(MODULE_NAME));
    } catch {
      // A runtime that knows the method but not the module.
    }
    if (this.#storage === undefined) this.#import();
    return this.#storage;
  }

  #import(): void {
    const name = MODULE_NAME;
    // biome-ignore format: the comments are read by bundlers
    import(/* @vite-ignore */ /* webpackIgnore: true */ name).then((found) => this.#adopt(found), () => {});
  }

  #adopt(found: unknown): void {
    const Storage = (found as AsyncHooks | undefined)?.AsyncLocalStorage;
    if (typeof Storage === "function") this.#storage = new Storage();
  }
}
