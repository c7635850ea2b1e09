/** The one wasm instance of this isolate, made at the first use and again after it has failed. */
import { isFullStack } from "./errors.ts";
import { __wbg_reset_state, type InitOutput, initSync } from "./generated/tidegate.js";
import { blocked, requireModule } from "./module.ts";

export interface Instance {
  /** Goes up with each instance. An object of another epoch is stale. */
  readonly epoch: number;
  /** Stays readable after the instance has failed. */
  readonly memory: WebAssembly.Memory;
}

let current: Instance | undefined;
let epochNow = 1;
let hasBegun = false;

/** The current epoch. */
export function epoch(): number {
  return epochNow;
}

/** Instantiates at the first use. Throws TidegateError `wasm/blocked` where the host forbids it. */
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

/** Gives up the instance of the epoch `dead`, once for all of its objects. They see that the epoch has changed. */
export function reset(dead: number): void {
  if (dead !== epochNow) return;
  epochNow += 1;
  current = undefined;
}

function instantiate(): InitOutput {
  const module = requireModule();
  const isFirst = !hasBegun;
  hasBegun = true;
  const exports = initSync({ module });
  if (isFirst) return exports;
  // There was an instance: a dead one, or, with a full stack, one that was never set up.
  __wbg_reset_state();
  return initSync({ module });
}
