import type { RequestRecord } from "../runtime/bridge.ts";
import { asThrown } from "../runtime/error-type.ts";

/** Runs `call` within its request. An error is kept for the end of the request, and thrown on. */
export function catchError<R>(record: RequestRecord, call: () => R): R {
  const fail = (error: unknown): never => {
    record.error = asThrown(error);
    throw error;
  };
  let result: R;
  try {
    result = record.bridge.run(record, call);
  } catch (error) {
    return fail(error);
  }
  return result instanceof Promise ? (result.then(undefined, fail) as R) : result;
}
