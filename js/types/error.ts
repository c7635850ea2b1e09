/**
 * Bad options, or an engine that cannot start.
 *
 * @example
 * try {
 *   createCollector({ queueSize: 0 });
 * } catch (error) {
 *   if (error instanceof TidegateError) console.error(error.code); // "config/queue-size"
 * }
 */
export class TidegateError extends Error {
  /** Stable, for programs: `config/…` for options, `stats/…` for bytes, `sink/…` for sends, `wasm/…` and `core/…` for the engine. */
  readonly code: string;

  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "TidegateError";
    this.code = code;
  }
}
