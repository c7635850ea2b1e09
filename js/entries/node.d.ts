/** The part of Node's modules that is used. */
declare module "node:async_hooks" {
  class AsyncLocalStorage {
    run<T>(store: unknown, work: () => T): T;
    getStore(): unknown;
  }
}
