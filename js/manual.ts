/** The index for hosts that load wasm in their own way: call `initWasm` with the module first. */
import { errorType } from "./runtime/error-type.ts";
import { isThenable } from "./runtime/thenable.ts";
import { TidegateError } from "./types/error.ts";
import type { HostModule, HostResponse } from "./types/host.ts";
import { messageOf } from "./wasm/errors.ts";
import { anotherModule, blocked, expectModule, moduleInUse, refuseModule, useModule } from "./wasm/module.ts";

export * from "./index.ts";

/** A module, its bytes, or a response with its bytes. */
export type WasmSource = HostModule | ArrayBuffer | Uint8Array | HostResponse;

/**
 * The load of each response or promise: the same one given again is loaded once. Weak, since they belong to the request
 * that gave them.
 */
const loads: WeakMap<object, Promise<void>> = new WeakMap();

/** The bytes or the response content that the module in use was compiled from. */
const usedBytes: WeakSet<object> = new WeakSet();

/**
 * Sets the module to use: `tidegate/core.wasm` of this version. Call it before the first collector is made.
 *
 * A module or bytes are in use at once. For a Response, or a promise, await the returned promise. Collectors made
 * meanwhile refuse events, and start with the first event after the module has been loaded. Without any call collectors
 * record nothing, and their `error` has the code `wasm/blocked`. A second call with the same module changes nothing.
 *
 * Throws, or rejects with, TidegateError: `wasm/blocked` where the host forbids to compile, or if the source is no
 * module of this version; `wasm/loaded` if another module is in use. You need not handle the rejection: collectors
 * report it.
 *
 * @example
 * import module from "tidegate/core.wasm";
 * initWasm(module);
 */
export function initWasm(source: HostResponse | PromiseLike<WasmSource>): Promise<void>;
export function initWasm(source: HostModule | ArrayBuffer | Uint8Array): void;
export function initWasm(source: unknown): undefined | Promise<void> {
  try {
    if (isThenable(source) || isResponse(source)) return loadOnce(source);
    if (!isInUse(source)) use(source, isModule(source) ? source : compileNow(source));
    return undefined;
  } catch (cause) {
    throw refused(cause);
  }
}

function loadOnce(source: PromiseLike<unknown> | Response): Promise<void> {
  const begun = loads.get(source);
  if (begun !== undefined) return begun;
  const load = loadFrom(source);
  loads.set(source, load);
  load.catch(() => {});
  return load;
}

async function loadFrom(source: PromiseLike<unknown> | Response): Promise<void> {
  const arrived = expectModule();
  try {
    const given = await resultOf(source);
    const found = isResponse(given) ? await bodyOf(given) : given;
    if (isInUse(found)) return;
    const what = isResponse(given) ? nameOf(given) : GIVEN;
    use(found, isModule(found) ? found : await compile(found, what));
  } catch (cause) {
    throw refused(cause);
  } finally {
    arrived();
  }
}

/** Whether the module of `source` is the one in use. Throws TidegateError `wasm/loaded` if another is. */
function isInUse(source: unknown): boolean {
  const module = moduleInUse();
  if (module === undefined) return false;
  if (source === module || usedBytes.has(source as object)) return true;
  throw anotherModule();
}

function use(source: unknown, module: WebAssembly.Module): void {
  useModule(module);
  if (source !== module) usedBytes.add(source as object);
}

/** Collectors made from now on report the same error. */
function refused(cause: unknown): TidegateError {
  const error = blocked(cause);
  refuseModule(error);
  return error;
}

/** Only the type of a foreign error is shown: its text may hold an address with a query. */
async function resultOf(source: PromiseLike<unknown> | Response): Promise<unknown> {
  try {
    return await source;
  } catch (cause) {
    throw failed("the promise given to initWasm was rejected", cause);
  }
}

async function bodyOf(response: Response): Promise<ArrayBuffer> {
  const what = nameOf(response);
  if (!response.ok) {
    response.body?.cancel().catch(() => {});
    throw failed(`${what} has status ${response.status}`);
  }
  try {
    return await response.arrayBuffer();
  } catch (cause) {
    throw failed(`${what} could not be read`, cause);
  }
}

function failed(what: string, cause?: unknown): TidegateError {
  if (cause === undefined) return new TidegateError("wasm/blocked", what);
  const type = cause instanceof Error ? errorType(cause) : typeof cause;
  return new TidegateError("wasm/blocked", `${what} (${type})`, cause);
}

/** The address without query and credentials. */
function nameOf({ url }: Response): string {
  try {
    const { origin, pathname } = new URL(url);
    return `the response from ${origin}${pathname}`;
  } catch {
    return "the response";
  }
}

function compileNow(bytes: unknown): WebAssembly.Module {
  try {
    return new WebAssembly.Module(bytes as BufferSource);
  } catch (cause) {
    throw notCompiled(bytes, GIVEN, cause);
  }
}

async function compile(bytes: unknown, what: string): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(bytes as BufferSource);
  } catch (cause) {
    throw notCompiled(bytes, what, cause);
  }
}

/** Bad bytes and a host that forbids to compile throw the same error. `validate` tells them apart. */
function notCompiled(bytes: unknown, what: string, cause: unknown): TidegateError {
  if (cause instanceof TypeError) {
    const kind = bytes === null ? "null" : typeof bytes;
    return new TidegateError("wasm/blocked", `initWasm was given no module (${kind}); ${TAKES}`, cause);
  }
  if (WebAssembly.validate(bytes as BufferSource)) return blocked(cause);
  return new TidegateError("wasm/blocked", `${what} is no WebAssembly module (${messageOf(cause)})`, cause);
}

/** Also one of another realm. */
function isModule(source: unknown): source is WebAssembly.Module {
  return Object.prototype.toString.call(source) === "[object WebAssembly.Module]";
}

/** Tests the structure: the Response of another realm or library is one too. */
function isResponse(source: unknown): source is Response {
  const { arrayBuffer, status } = (source ?? {}) as Partial<Response>;
  return typeof arrayBuffer === "function" && typeof status === "number";
}

const GIVEN = "what initWasm was given";
const TAKES =
  "it takes a WebAssembly.Module, its bytes, a Response, or a promise of one; of what import() brings, the default";
