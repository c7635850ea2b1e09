/**
 * What index, stats and sampling share. They are bundled apart, and each imports the one file that this becomes,
 * so that a program has one wasm instance and one TidegateError however many of them it uses.
 */
export * from "../errors.ts";
export * from "../wasm/engine-handle.ts";
export * from "../wasm/generated/tidegate.js";
export * from "../wasm/instance.ts";
export * from "../wasm/resettable.ts";
