/** What an error came from: its cause, and the errors that an `AggregateError` holds. */
import { errorMember } from "./member.ts";

/** What `error` came from, nearest first, each once, at most `max`. Whatever `error` is, nothing throws. */
export function causesOf(error: unknown, max: number): unknown[] {
  const found = new Set([error]);
  for (const at of found) {
    for (const cause of [errorMember(at, "cause"), ...heldBy(at, max)]) {
      if (found.size <= max && cause !== undefined && cause !== null) found.add(cause);
    }
  }
  found.delete(error);
  return [...found];
}

/** Other errors have lists of that name too: issues of validation, which quote what was sent. */
function heldBy(error: unknown, max: number): unknown[] {
  try {
    if (!(error instanceof AggregateError)) return [];
    const errors = errorMember(error, "errors");
    return Array.isArray(errors) ? errors.slice(0, max) : [];
  } catch {
    return [];
  }
}
