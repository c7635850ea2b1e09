/** What may be said of an error. Its text may hold a secret: an address, a header, a statement. */
import { TidegateError } from "../types/error.ts";

/**
 * Names of types and codes have no blanks and few characters that are no letters. Letters of other scripts are ranges:
 * `\p{L}` loads Unicode tables, which a Worker would wait for at its start.
 */
const NAME = /^[\w$.\-\u00c0-\u167f\u1681-\u1fff\u3040-\ud7ff]{1,128}$/;

/** The type of an error, or the name of a type. Undefined and null: there was no error. */
export function errorType(error: unknown): string | undefined {
  if (error === undefined || error === null) return undefined;
  if (typeof error === "string") return isName(error) ? error : "string";
  return nameOf(error);
}

/** What was thrown, as an error to record: a thrown text is never the name of a type, and `undefined` is an error too. */
export function asThrown(error: unknown): unknown {
  if (typeof error === "string") return { name: "string", message: error };
  return error ?? { name: "throw" };
}

/** What was thrown, in a message of ours: an error of ours by its text, another one by its type and its code. */
export function describeThrown(thrown: unknown): string {
  try {
    if (thrown instanceof TidegateError) return thrown.message;
    const code = codeOf(thrown) ?? codeOf((thrown as { readonly cause?: unknown } | undefined)?.cause);
    return `threw ${errorType(asThrown(thrown))}${code === undefined ? "" : ` (${code})`}`;
  } catch {
    return "threw";
  }
}

function nameOf(error: unknown): string {
  try {
    const { name } = error as { readonly name?: unknown };
    return isName(name) ? name : "Error";
  } catch {
    return "Error";
  }
}

/** Node has a code in many of its errors, and in the cause of those of `fetch`. */
function codeOf(error: unknown): string | undefined {
  const code = (error as { readonly code?: unknown } | undefined)?.code;
  return isName(code) ? code : undefined;
}

function isName(value: unknown): value is string {
  return typeof value === "string" && NAME.test(value);
}
