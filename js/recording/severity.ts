const NAMES: readonly unknown[] = ["trace", "debug", "info", "warn", "error", "fatal"];

/** The number that OpenTelemetry has for a severity. Undefined: there is none with this name. */
export function severityOf(name: unknown): number | undefined {
  const at = NAMES.indexOf(name);
  return at < 0 ? undefined : 4 * at + 1;
}
