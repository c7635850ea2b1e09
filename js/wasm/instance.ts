/** The one wasm instance of this isolate: a compiled module set by an entry, instantiated at first use. */
import { TidegateError } from "../errors.ts";
import { Desk } from "./desk.ts";
import type { Exports, Freeing, Handle } from "./exports.ts";

export interface Instance {
  readonly epoch: number;
  readonly wasm: Exports;
  readonly desk: Desk;
  /** Stays readable after the instance has died: that is where the ledger is then read. */
  readonly memory: WebAssembly.Memory;
}

let compiled: WebAssembly.Module | undefined;
const NO_MODULE = "there is no module: tidegate/slim needs initWasm(module) first";
let refusal: unknown = NO_MODULE;
let current: Instance | undefined;
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
  if (current !== undefined) return current;
  try {
    if (compiled === undefined) throw refusal;
    const wasm = new WebAssembly.Instance(compiled).exports as unknown as Exports;
    current = { epoch: epochNow, wasm, desk: new Desk(wasm), memory: wasm.memory };
    return current;
  } catch (cause) {
    // It has run before: this is a full stack of the host's, no prohibition.
    if (cause instanceof RangeError && epochNow > 1) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const hint = cause === NO_MODULE ? "" : "; a Content-Security-Policy needs 'wasm-unsafe-eval'";
    throw new TidegateError("wasm/blocked", `WebAssembly could not be started (${reason})${hint}`, cause);
  }
}

/** Gives a dead instance up, once for all its handles: whoever comes later finds the epoch moved on. */
export function reset(dead: number): void {
  if (dead !== epochNow) return;
  epochNow += 1;
  current = undefined;
}

/** What is to be freed. It must not hold the instance: the memory of a dead one would stay with its last owner. */
interface Owned {
  readonly home: number;
  readonly free: Freeing;
  readonly handle: Handle;
}

let registry: FinalizationRegistry<Owned> | undefined;

/** Frees an object of the current instance some time after nobody refers to `owner`, where the runtime can tell. */
export function own(owner: object, free: Freeing, handle: Handle): void {
  if (typeof FinalizationRegistry === "undefined") return;
  registry ??= new FinalizationRegistry(release);
  registry.register(owner, { home: epochNow, free, handle });
}

function release({ home, free, handle }: Owned): void {
  // In another instance something else may lie there.
  if (home !== epochNow) return;
  try {
    current?.wasm[free](handle);
  } catch {
    // Nobody has called: the next one who does finds the instance dead.
  }
}
