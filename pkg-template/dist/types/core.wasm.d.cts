/** The type that the host declares for a compiled module, if it declares one. */
declare const module: typeof globalThis extends {
  readonly WebAssembly: { readonly Module: { readonly prototype: infer T } };
}
  ? T
  : object;
export default module;
