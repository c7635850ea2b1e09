import type { Watched } from "./_node.ts";

/** Runs `call` within its request. An error is kept for the end of the request, and thrown on. */
export function catchError<R>(watched: Watched, call: () => R): R {
  const fail = (error: unknown): never => {
    watched.error = error ?? "throw";
    throw error;
  };
  let result: R;
  try {
    result = watched.record.bridge.run(watched.record, call);
  } catch (error) {
    return fail(error);
  }
  return result instanceof Promise ? (result.then(undefined, fail) as R) : result;
}
