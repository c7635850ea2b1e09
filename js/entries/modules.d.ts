/** Modules that the build puts beside the entries, and one of workerd's. */
declare module "*/core.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
declare module "*/core.wasm?module" {
  const module: WebAssembly.Module;
  export default module;
}
declare module "cloudflare:workers" {}
declare module "tidegate:engine" {
  const base64: string;
  export default base64;
}
