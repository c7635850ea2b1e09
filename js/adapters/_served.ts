/** Calls that answer a request, and what becomes of their answer. */
import { bridgeOf, type FlushContext } from "../runtime/bridge.ts";
import { hostKind, isClockFrozen } from "../runtime/host-kind.ts";
import { contextIn, requestIn } from "./_arguments.ts";
import type { RequestOptions } from "./_options.ts";
import { begin } from "./_request.ts";
import { anyStatus, type ReadStatus, respond, responseStatus } from "./_respond.ts";

/** A call that answers the request that is found in `given`. */
export interface Answering<T> {
  readonly tide: object;
  readonly given: readonly unknown[];
  readonly env: unknown;
  /** The name of the adapter. */
  readonly name: string;
  readonly call: () => T;
  readonly read: (answer: unknown, request: unknown) => ReturnType<ReadStatus>;
  /** As `respond` has it. */
  readonly sendsThrown?: boolean;
}

interface AnswerOptions extends RequestOptions {
  readonly waitUntil?: (work: Promise<unknown>) => void;
  readonly flush?: "await";
}

/** The caller itself waits for what is sent. */
const AWAITED: FlushContext = { waitUntil() {}, isLast: true };

interface Host {
  /** Netlify: the next handler answers. */
  readonly next?: unknown;
  /** Bun. */
  readonly upgrade?: unknown;
  requestIP?(request: unknown): unknown;
}

const SWITCHING_PROTOCOLS = 101;

/** Runs the call, measured. */
export function answerRequest<T>(answering: Answering<T>, chosen: AnswerOptions | undefined): T {
  const options = chosen ?? {};
  const { tide, given, env, name, call, read, sendsThrown } = answering;
  const request = requestIn(given[0]);
  if (request === undefined) {
    bridgeOf(tide)?.warnUnmeasured(name);
    return call();
  }
  const context = contextIn(options.waitUntil, given) ?? (options.flush && AWAITED);
  const record = begin(tide, request, env, options, isClockFrozen(), context, given[0] as object);
  if (record === undefined) return call();
  return respond(record, call, context, (answer) => read(answer, request), sendsThrown);
}

/**
 * The status of `answer`, as `ReadStatus` has it. `given` is what the handler was called with: `request` itself, or an
 * event that has it, whose framework makes a response of any answer.
 */
export function servedStatus(
  answer: unknown,
  [first, host]: readonly unknown[],
  request: unknown,
): number | undefined | null {
  if (first !== request) return anyStatus(answer);
  const status = responseStatus(answer);
  if (status !== null) return status;
  if (isUpgraded(first, host as Host | undefined)) return SWITCHING_PROTOCOLS;
  return answer === undefined && isPassedOn(host as Host | undefined) ? undefined : null;
}

/** Bun's server has no address of a request that it has upgraded. */
function isUpgraded(request: unknown, host: Host | undefined): boolean {
  try {
    return typeof host?.upgrade === "function" && host.requestIP?.(request) === null;
  } catch {
    return false;
  }
}

/** Middleware of Vercel and Netlify answers nothing where the request is to go on. */
function isPassedOn(host: Host | undefined): boolean {
  return hostKind() === "edge" || typeof host?.next === "function";
}
