/** Bad options, or an engine that cannot start. Its `code` is stable; its message is for people. */
export class TidegateError extends Error {
  /** `config/…` for options, `wasm/…` and `core/…` for the engine. */
  readonly code: string;

  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "TidegateError";
    this.code = code;
  }
}

/** Whatever a call into the engine threw. Its own errors are plain `Error`s with a `code`. */
export function fromEngine(thrown: unknown): TidegateError {
  if (thrown instanceof TidegateError) return thrown;
  if (hasCode(thrown)) return new TidegateError(thrown.code, thrown.message);
  return new TidegateError("core/failed", messageOf(thrown), thrown);
}

/** Whether the engine refused what it was given, as it does while it is well. */
export function hasCode(thrown: unknown): thrown is Error & { readonly code: string } {
  return thrown instanceof Error && typeof (thrown as { code?: unknown }).code === "string";
}

/**
 * Whether the host's own stack was full: no fault of the engine's. Firefox has an error of its own for it; a RangeError
 * may also be a lack of memory.
 */
export function isFullStack(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  return thrown instanceof RangeError ? !thrown.message.includes("memory") : thrown.name === "InternalError";
}

export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
