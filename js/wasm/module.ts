/** The compiled module of this isolate: which one is in use, why there is none, or whether one is expected. */
import { TidegateError } from "../types/error.ts";
import { messageOf } from "./errors.ts";
import { VERSION } from "./generated/version.ts";

let compiled: WebAssembly.Module | undefined;
let refusal: unknown;
/** How many modules are being loaded. A count, not their promises: those belong to the requests that made them. */
let expected = 0;

/** Called once by an entry that comes with its module. It does not throw: importing the package is always harmless. */
export function setModule(compile: () => WebAssembly.Module): void {
  if (compiled !== undefined) return;
  try {
    useModule(compile());
  } catch (cause) {
    refuseModule(cause);
  }
}

/** Throws TidegateError: `wasm/loaded` if another module is in use, `wasm/blocked` if this one is of another version. */
export function useModule(module: WebAssembly.Module): void {
  if (compiled === module) return;
  if (compiled !== undefined) throw anotherModule();
  checkVersion(module);
  // Next's edge runtime gives a module of another realm, which wasm-bindgen takes for bytes.
  if (!(module instanceof WebAssembly.Module)) Object.setPrototypeOf(module, WebAssembly.Module.prototype);
  compiled = module;
}

/** Sets the reason that `requireModule` throws while there is no module. */
export function refuseModule(cause: unknown): void {
  refusal = cause;
}

/** The module in use, if there is one. */
export function moduleInUse(): WebAssembly.Module | undefined {
  return compiled;
}

/** The module in use. Throws the reason why there is none. */
export function requireModule(): WebAssembly.Module {
  if (compiled === undefined) throw refusal ?? noModule();
  return compiled;
}

/** Announces one more module that is being loaded. Returns a function that ends this; call it once. */
export function expectModule(): () => void {
  expected += 1;
  return () => {
    expected -= 1;
  };
}

/** Whether there is no module yet, but one is being loaded. */
export function isModuleExpected(): boolean {
  return compiled === undefined && expected > 0;
}

/**
 * The build writes the version into a section of its own. The functions alone do not tell versions apart: those of
 * another version may have other arguments and link all the same.
 */
function checkVersion(module: WebAssembly.Module): void {
  const [section] = WebAssembly.Module.customSections(module, "tidegate");
  const found = section && new TextDecoder().decode(section);
  if (found === VERSION) return;
  const what = found === undefined ? "is not tidegate/core.wasm" : `is that of tidegate ${found}`;
  const message = `the module ${what}: tidegate ${VERSION} needs the core.wasm of the same package`;
  throw new TidegateError("wasm/blocked", message);
}

/** The error for a module that comes while another one is in use. */
export function anotherModule(): TidegateError {
  return new TidegateError("wasm/loaded", "another module is in use already: call initWasm once");
}

/** The error for a module that could not be compiled or instantiated. */
export function blocked(cause: unknown): TidegateError {
  if (cause instanceof TidegateError) return cause;
  const hint =
    "a Content-Security-Policy needs 'wasm-unsafe-eval'; a Worker has to import the module (Nitro 2, Nuxt: set experimental.wasm)";
  const message = `WebAssembly could not be started (${messageOf(cause)}); ${hint}`;
  return new TidegateError("wasm/blocked", message, cause);
}

/** A function: in workerd an error takes milliseconds to make at the start, because of its stack. */
function noModule(): TidegateError {
  return new TidegateError(
    "wasm/blocked",
    "there is no module: call initWasm(module) of tidegate/manual first",
  );
}
