/** An import by a name that is known at run time only. No bundler resolves it. */
type DynamicImport = (name: string) => Promise<unknown>;

let load: DynamicImport | undefined;

/** For the entries that may hold one. Miniflare's module collection refuses a bundle that does. */
export function setDynamicImport(given: DynamicImport): void {
  load = given;
}

/** Undefined: the entry holds none. */
export function dynamicImport(name: string): Promise<unknown> | undefined {
  return load?.(name);
}
