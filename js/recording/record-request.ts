import type { RequestRecord } from "../runtime/bridge.ts";
import { amountOf, numeric } from "../wasm/convert.ts";
import { supplyDraw } from "./draw.ts";
import { describeError, setError } from "./errors/describe.ts";
import { isStatus, REQ } from "./events.ts";
import type { RecordingHost } from "./recording-host.ts";
import { text } from "./values.ts";

/**
 * Records a request that is over: the hot path. It makes no object and crosses into wasm at most once, or twice where
 * the user has a source of draws. `isPath`: `route` is a raw path. `request`: this is the end of it.
 */
export function recordRequest(
  host: RecordingHost,
  route: unknown,
  method: unknown,
  status: unknown,
  startMs: unknown,
  durationMs: unknown,
  error: unknown,
  isPath = false,
  request?: RequestRecord,
): void {
  const hasError = error !== undefined && error !== null;
  if (!hasError && host.bufferRequest(route, method, status, startMs, durationMs, isPath, request)) return;
  // A function of its own: what its closure needs would be an object of each call of this one.
  recordAlone(host, route, method, status, startMs, durationMs, error, isPath, request);
}

/** Records a request by a call of its own. */
function recordAlone(
  host: RecordingHost,
  route: unknown,
  method: unknown,
  status: unknown,
  startMs: unknown,
  durationMs: unknown,
  error: unknown,
  isPath: boolean,
  request: RequestRecord | undefined,
): void {
  const details = describeError(host, error, false);
  if (typeof route !== "string" || typeof method !== "string") {
    host.refuse("name");
    return;
  }
  if (!isStatus(status)) {
    host.refuse("status");
    return;
  }
  const name = text(route);
  const verb = text(method);
  const nowMs = host.clock.now();
  const flags = host.record((engine) => {
    supplyDraw(host, engine, name);
    if (details !== undefined) setError(engine, details);
    if (isPath) engine.setPath();
    const answer = engine.recordRequest(
      name,
      verb,
      numeric(status),
      host.clock.engineTime(nowMs),
      numeric(startMs),
      amountOf(durationMs),
    );
    if (request !== undefined) host.keepAnswer(request);
    return answer;
  });
  if (flags === undefined) return;
  host.checkCarried(REQ);
  host.learnMethodId(verb, flags);
  host.afterEvent(flags, nowMs);
  if (request === undefined) host.afterWork(flags, nowMs, undefined);
}
