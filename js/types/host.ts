/** What hosts declare, each in types of its own. Where none are loaded, the declarations of this package work without. */

type Globals = typeof globalThis;

/** A compiled module. */
export type HostModule = Globals extends {
  readonly WebAssembly: { readonly Module: { readonly prototype: infer T } };
}
  ? T
  : object;

/** A `Response`. */
export type HostResponse = Globals extends { readonly Response: { readonly prototype: infer T } }
  ? T
  : { arrayBuffer(): Promise<ArrayBuffer> };

/** An `AbortSignal`. */
export type HostSignal = Globals extends { readonly AbortSignal: { readonly prototype: infer T } }
  ? T
  : { readonly aborted: boolean };

/** Bytes in a buffer of their own, as each version of TypeScript names them. */
export type Bytes = ReturnType<Uint8Array["slice"]>;
