/** All that a collector writes to the console. */

export function logInert(message: string): void {
  console.error(`tidegate: nothing is recorded: ${message}`);
}

export function logListenerError(cause: unknown): void {
  console.error("tidegate: a listener threw; later throws are not reported", cause);
}
