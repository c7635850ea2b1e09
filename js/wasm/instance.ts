/** The one wasm instance of this isolate: a compiled module set by an entry, instantiated at first use. */
import { __wbg_reset_state, initSync } from "../../build/wasm/tidegate.js";
import { TidegateError } from "../errors.ts";

/** What a handle remembers of the instance it was made in. */
export interface Instance {
  readonly epoch: number;
  /** Stays readable after the instance has died: that is where the ledger is then read. */
  readonly memory: WebAssembly.Memory;
}

let compiled: WebAssembly.Module | undefined;
const NO_MODULE = "there is no module: tidegate/slim needs initWasm(module) first";
let refusal: unknown = NO_MODULE;
let epochNow = 1;

/**
 * Called once by an entry. It compiles at once, since workerd allows that at module scope only, and it
 * does not throw: under a Content-Security-Policy importing the package must stay harmless.
 */
export function setModule(compile: () => WebAssembly.Module): void {
  if (compiled !== undefined) return;
  try {
    compiled = compile();
  } catch (cause) {
    refusal = cause;
  }
}

/** The current epoch: a handle made in another one is stale. */
export function epoch(): number {
  return epochNow;
}

/** Instantiates at first use. Throws TidegateError `wasm/blocked` where the host forbids it. */
export function instance(): Instance {
  try {
    if (compiled === undefined) throw refusal;
    return { epoch: epochNow, memory: initSync({ module: compiled }).memory };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const hint = cause === NO_MODULE ? "" : "; a Content-Security-Policy needs 'wasm-unsafe-eval'";
    throw new TidegateError("wasm/blocked", `WebAssembly could not be started (${reason})${hint}`, cause);
  }
}

/** Replaces a dead instance, once for all its handles: whoever comes later finds the epoch moved on. */
export function reset(dead: number): void {
  if (dead !== epochNow) return;
  epochNow += 1;
  __wbg_reset_state();
}
