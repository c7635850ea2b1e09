import { describeThrown } from "../runtime/error-type.ts";

/** All that a collector writes to the console. */

export function logInert(message: string): void {
  console.error(`tidegate: nothing is recorded: ${message}`);
}

export function logListenerError(cause: unknown): void {
  console.error(`tidegate: a listener ${describeThrown(cause)}; later throws are not reported`);
}

export function warnNoContext(): void {
  console.warn(
    "tidegate: no waitUntil was found, so events are sent only while the next request runs; " +
      "pass it: withTide(tide, handler, { waitUntil })",
  );
}

export function warnNoEnv(): void {
  console.warn(
    "tidegate: no env was found for the options, so nothing is recorded; " +
      "pass it: measure(tide, request, work, { env })",
  );
}

export function warnMetric(message: string): void {
  console.warn(`tidegate: ${message}; it records nothing`);
}

export function warnUnmeasured(adapter: string): void {
  console.warn(`tidegate: ${adapter} found no Request in its arguments, so nothing is measured`);
}

export function warnVariable(name: string): void {
  console.warn(`tidegate: ${name} is no list of key=value pairs, so nothing of it counts`);
}
