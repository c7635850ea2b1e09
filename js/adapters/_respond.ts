/** Runs a handler within its request, and records how it ended. */
import type { FlushContext, RequestRecord } from "../runtime/bridge.ts";
import { asThrown } from "../runtime/error-type.ts";
import { thenOf } from "../runtime/thenable.ts";

/** The status that a client sees when a handler throws, or answers with what is no response. */
const UNCAUGHT_STATUS = 500;
/** The type of the error that runtimes throw where the answer is no response. */
const NO_RESPONSE = "TypeError";

interface ResponseLike {
  readonly status?: unknown;
  readonly statusCode?: unknown;
  readonly bodyUsed?: unknown;
  readonly headers?: { readonly get?: unknown };
}

/** Reads the status of an answer. Undefined: it has none. Null: the runtime cannot send it. */
export type ReadStatus = (answer: unknown) => number | undefined | null;

/**
 * Runs `call` within its request, and records its end: the duration lasts until the headers. `read` reads the status of
 * what it answers. `sendsThrown`: a framework sends a `Response` that is thrown, as redirects often are.
 */
export function respond<T>(
  record: RequestRecord,
  call: () => T,
  context: FlushContext | undefined,
  read: ReadStatus,
  sendsThrown = false,
): T {
  let result: T;
  try {
    result = record.bridge.run(record, call);
  } catch (error) {
    endThrown(record, error, context, read, sendsThrown);
    throw error;
  }
  // Not awaited if its `then` cannot be read: whoever awaits it meets that error, as without measuring.
  if (thenOf(result) === undefined) {
    endAnswered(record, result, context, read);
    return result;
  }
  // A thenable that is no promise may return nothing from `then`, or not allow a second call of it.
  const promise = Promise.resolve(result);
  // Not chained: the host gets the same promise, in the same turn as without measuring.
  promise.then(
    (answer: unknown) => endAnswered(record, answer, context, read),
    (error: unknown) => endThrown(record, error, context, read, sendsThrown),
  );
  return promise as T;
}

function endThrown(
  record: RequestRecord,
  thrown: unknown,
  context: FlushContext | undefined,
  read: ReadStatus,
  sendsThrown: boolean,
): void {
  if (sendsThrown && isResponse(thrown)) endAnswered(record, thrown, context, read);
  else endFailed(record, thrown, context);
}

/** Records the end of a request that was answered with `answer`. */
export function endAnswered(
  record: RequestRecord,
  answer: unknown,
  context: FlushContext | undefined,
  read: ReadStatus,
): void {
  const status = read(answer);
  if (status === null) record.bridge.end(record, UNCAUGHT_STATUS, NO_RESPONSE, context);
  else record.bridge.end(record, status, undefined, context);
}

/** Records the end of a request whose handler threw. */
export function endFailed(record: RequestRecord, error: unknown, context: FlushContext | undefined): void {
  record.bridge.end(record, UNCAUGHT_STATUS, asThrown(error), context);
}

/** The status of what a runtime is to send, which must be a `Response` with a body that nobody has read. */
export function responseStatus(answer: unknown): number | null {
  try {
    const { status, bodyUsed } = answer as ResponseLike;
    return isStatus(status) && bodyUsed !== true && isResponse(answer) ? status : null;
  } catch {
    return null;
  }
}

/** The status of what a framework turns into its answer. It may be anything, also an object whose getters throw. */
export function anyStatus(answer: unknown): number | undefined {
  try {
    const { status, statusCode = status } = answer as ResponseLike;
    return isStatus(statusCode) ? statusCode : undefined;
  } catch {
    return undefined;
  }
}

/** It may be of another program's class. A host makes an object for `headers` when they are read. */
function isResponse(answer: unknown): boolean {
  if (answer instanceof Response) return true;
  try {
    return typeof (answer as ResponseLike).headers?.get === "function";
  } catch {
    return false;
  }
}

function isStatus(value: unknown): value is number {
  return typeof value === "number" && value >= 100 && value < 1000;
}
