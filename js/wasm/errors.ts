/** Errors on their way out of the engine. */
import { TidegateError } from "../types/error.ts";

/** Turns what a call into the engine threw into a TidegateError. The engine's own errors are an `Error` with a `code`. */
export function fromEngine(thrown: unknown): TidegateError {
  if (thrown instanceof TidegateError) return thrown;
  if (hasCode(thrown)) return new TidegateError(thrown.code, thrown.message);
  return new TidegateError("core/failed", messageOf(thrown), thrown);
}

/** Whether the engine refused its arguments. It does so only while it is whole. */
export function hasCode(thrown: unknown): thrown is Error & { readonly code: string } {
  return thrown instanceof Error && typeof (thrown as { code?: unknown }).code === "string";
}

/**
 * Whether the host's stack was full, which is no fault of the engine. Firefox throws `InternalError` for it; a RangeError
 * may also report a lack of memory.
 */
export function isFullStack(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  return thrown instanceof RangeError ? !thrown.message.includes("memory") : thrown.name === "InternalError";
}

export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
