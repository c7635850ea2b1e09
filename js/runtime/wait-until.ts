/** Where work may go on after the response, on hosts that have such a place. */
import { hostKind } from "./host-kind.ts";

/** The part of an execution context that is used. It is called as a method: without its object it throws. */
export interface WaitUntil {
  waitUntil(work: Promise<unknown>): void;
  /** workerd's class, where this is its module. */
  readonly RpcStub?: RpcStubClass | undefined;
}

/** Makes a stub of a function. A call of the stub copies its arguments at once. */
export type RpcStubClass = new (target: (...args: unknown[]) => unknown) => (...args: unknown[]) => unknown;

interface Globals {
  readonly EdgeRuntime?: unknown;
  readonly process?: { getBuiltinModule?(name: string): unknown };
  readonly [VERCEL]?: { get?(): unknown };
  readonly [NEXT]?: { get?(): unknown };
}

/** Registered by Vercel's runtimes. */
const VERCEL = Symbol.for("@vercel/request-context");
/** Registered by Next wherever it runs. */
const NEXT = Symbol.for("@next/request-context");
/** A variable, so that no bundler resolves it. */
const WORKERS = "cloudflare:workers";

/** The part of `cloudflare:workers` that is used. */
interface WorkersModule extends Partial<WaitUntil> {
  readonly env?: unknown;
}

const globals = globalThis as unknown as Globals;
/** Null: not searched for yet. */
let workers: WorkersModule | undefined | null = null;
/** Its `waitUntil`. Before 2025-08-08 it had none. */
let context: WaitUntil | undefined;

/** Where the running code may go on after its response, as far as the host itself can tell. */
export function runningContext(): WaitUntil | undefined {
  findWorkers();
  return context ?? hostContext();
}

/** The environment of the running Worker, as far as the host itself can tell. */
export function runningEnv(): unknown {
  return findWorkers()?.env;
}

/** `module` is `cloudflare:workers`. */
export function setWorkersModule(module: unknown): void {
  workers = (module ?? undefined) as WorkersModule | undefined;
  const { waitUntil, RpcStub } = workers ?? {};
  context = typeof waitUntil === "function" ? { waitUntil: (work) => waitUntil(work), RpcStub } : undefined;
}

/** workerd's own `waitUntil`, if it was found. */
export function workersContext(): WaitUntil | undefined {
  return context;
}

function findWorkers(): WorkersModule | undefined {
  if (workers === null) setWorkersModule(hostKind() === "workers" ? builtinWorkers() : undefined);
  return workers ?? undefined;
}

function builtinWorkers(): unknown {
  try {
    return globals.process?.getBuiltinModule?.(WORKERS);
  } catch {
    return undefined;
  }
}

/** The context that Vercel, Next or Supabase have for the running request. */
function hostContext(): WaitUntil | undefined {
  try {
    const found = asContext(globals[VERCEL]?.get?.()) ?? asContext(globals[NEXT]?.get?.());
    return found ?? asContext(globals.EdgeRuntime);
  } catch {
    return undefined;
  }
}

/** `value`, if it has a `waitUntil`. */
export function asContext(value: unknown): WaitUntil | undefined {
  const candidate = value as WaitUntil | null | undefined;
  return typeof candidate?.waitUntil === "function" ? candidate : undefined;
}
