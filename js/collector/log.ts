/** All that a collector writes to the console. Nothing while all is well, and once what is not. */
export class Log {
  /** The option `log`. False: nothing is written. `"debug"`: also a line for each start, batch and drop. */
  level: boolean | "debug" = true;
  readonly #written = new Set<string>();

  get isDebug(): boolean {
    return this.level === "debug";
  }

  error(text: string): void {
    if (this.level !== false) write("error", text);
  }

  warn(text: string): void {
    if (this.level !== false) write("warn", text);
  }

  /** Warns unless it has before. There must be few different texts. */
  warnOnce(text: string): void {
    if (this.#written.has(text)) return;
    this.#written.add(text);
    this.warn(text);
  }

  debug(text: string): void {
    if (this.isDebug) write("debug", text);
  }
}

/** The console may be a bridge of the user's, which throws. */
function write(method: "error" | "warn" | "debug", text: string): void {
  try {
    console[method](`tidegate: ${text}`);
  } catch {
    // There is nowhere left to say it.
  }
}
