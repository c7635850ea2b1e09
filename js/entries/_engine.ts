/**
 * What index, stats and sampling share. They are bundled apart, and each imports the one file that this becomes,
 * so that a program has one wasm instance and one TidegateError however many of them it uses.
 */
export * from "../errors.ts";
export * from "../wasm/core.ts";
export * from "../wasm/handle.ts";
export * from "../wasm/held.ts";
export * from "../wasm/instance.ts";
export * from "../wasm/snapshot.ts";
