/** Hosts that load wasm in their own way: the module comes by `initWasm`. */
export * from "./_engine.ts";
