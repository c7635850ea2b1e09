/** The one wasm instance of this isolate: of a compiled module that an entry gives, instantiated at first use. */
import { isFullStack, messageOf, TidegateError } from "../errors.ts";
import { __wbg_reset_state, type InitOutput, initSync } from "./generated/tidegate.js";
import { VERSION } from "./generated/version.ts";

export interface Instance {
  /** Goes up with each instance: an object of another one is stale. */
  readonly epoch: number;
  /** Stays readable after the instance has died. */
  readonly memory: WebAssembly.Memory;
}

let compiled: WebAssembly.Module | undefined;
let refusal: unknown;
/** Modules on their way: how many, and not their promises, which belong to whoever waits for them. */
let awaited = 0;
let current: Instance | undefined;
let epochNow = 1;
let hasBegun = false;

/** Called once by an entry that comes with its module. Compiling must not throw: importing the package stays harmless. */
export function setModule(compile: () => WebAssembly.Module): void {
  if (compiled !== undefined) return;
  try {
    useModule(compile());
  } catch (cause) {
    refuseModule(cause);
  }
}

/** Throws TidegateError `wasm/loaded` if another module is in use, `wasm/blocked` if this one is not this version's. */
export function useModule(module: WebAssembly.Module): void {
  if (compiled === module) return;
  if (compiled !== undefined) throw anotherModule();
  checkVersion(module);
  compiled = module;
}

/** Why there is no module: what collectors then say. */
export function refuseModule(cause: unknown): void {
  refusal = cause;
}

/** The module in use, if there is one. */
export function moduleInUse(): WebAssembly.Module | undefined {
  return compiled;
}

/** One more module is on its way; the answer ends that, and is called once. */
export function expectModule(): () => void {
  awaited += 1;
  return () => {
    awaited -= 1;
  };
}

/** Whether there is no module yet, but one is on its way. */
export function isModuleExpected(): boolean {
  return compiled === undefined && awaited > 0;
}

/** The current epoch: an object made in another one is stale. */
export function epoch(): number {
  return epochNow;
}

/** Instantiates at first use. Throws TidegateError `wasm/blocked` where the host forbids it. */
export function instance(): Instance {
  if (current !== undefined) return current;
  try {
    const { memory } = instantiate();
    current = { epoch: epochNow, memory };
    return current;
  } catch (cause) {
    if (isFullStack(cause)) throw cause;
    throw blocked(cause);
  }
}

/** Gives a dead instance up, once for all its objects: whoever comes later finds the epoch moved on. */
export function reset(dead: number): void {
  if (dead !== epochNow) return;
  epochNow += 1;
  current = undefined;
}

function instantiate(): InitOutput {
  if (compiled === undefined) throw refusal ?? NO_MODULE;
  const isFirst = !hasBegun;
  hasBegun = true;
  const exports = initSync({ module: compiled });
  if (isFirst) return exports;
  // There was an instance: a dead one, or, with a full stack, one that was never set up.
  __wbg_reset_state();
  return initSync({ module: compiled });
}

/** The build writes the version into a section of its own. Functions alone would link in spite of other arguments. */
function checkVersion(module: WebAssembly.Module): void {
  const [section] = WebAssembly.Module.customSections(module, "tidegate");
  const found = section && new TextDecoder().decode(section);
  if (found === VERSION) return;
  const what = found === undefined ? "is not tidegate/core.wasm" : `is that of tidegate ${found}`;
  const message = `the module ${what}: tidegate ${VERSION} needs the core.wasm of the same package`;
  throw new TidegateError("wasm/blocked", message);
}

/** What is said of a module that comes while another is in use. */
export function anotherModule(): TidegateError {
  return new TidegateError("wasm/loaded", "another module is in use already: call initWasm once");
}

/** What is said of a module that cannot be compiled or instantiated. */
export function blocked(cause: unknown): TidegateError {
  if (cause instanceof TidegateError) return cause;
  const hint = "a Content-Security-Policy needs 'wasm-unsafe-eval'; a Worker has to import the module";
  return new TidegateError(
    "wasm/blocked",
    `WebAssembly could not be started (${messageOf(cause)}); ${hint}`,
    cause,
  );
}

const NO_MODULE = new TidegateError(
  "wasm/blocked",
  "there is no module: call initWasm(module) of tidegate/manual first",
);
