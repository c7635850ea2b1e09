/** Bad options, or a core that cannot start. Its `code` is stable; its message is for people. */
export class TidegateError extends Error {
  /** `config/…` for options, `wasm/…` and `core/…` for the engine. */
  readonly code: string;

  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "TidegateError";
    this.code = code;
  }
}

/** The core throws `"<code>\n<message>"`: a string, because an Error made in wasm would carry no code. */
export function fromCore(thrown: unknown): TidegateError {
  if (thrown instanceof TidegateError) return thrown;
  const text = typeof thrown === "string" ? thrown : String(thrown);
  const cut = text.indexOf("\n");
  if (cut > 0) return new TidegateError(text.slice(0, cut), text.slice(cut + 1));
  return new TidegateError("core/failed", text, thrown);
}
