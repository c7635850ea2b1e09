/** Watches every wasm instance that is made from now on. Returns a function that tells the bytes of their memories. */
export function watchWasmMemory() {
  const memories = [];
  const { Instance } = WebAssembly;
  WebAssembly.Instance = class extends Instance {
    constructor(module, imports) {
      super(module, imports);
      memories.push(this.exports.memory);
    }
  };
  return () => memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
}
