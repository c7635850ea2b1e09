/** Open requests, as adapters report them. */
import type { RequestRecord } from "../runtime/bridge.ts";
import { boundedMap } from "./attributes.ts";
import { recordFailure } from "./errors/exceptions.ts";
import { FN, REQ, recordEnd } from "./events.ts";
import { recordRequest } from "./record-request.ts";
import type { RecordingHost } from "./recording-host.ts";
import type { RequestIndex } from "./request-index.ts";
import { requestLine } from "./request-line.ts";
import { setAttributes } from "./scope.ts";
import { measured } from "./timed.ts";

/** Opens `request` here. The engine opens it only when an event within it, or an outgoing call, needs that. */
export function openRequest(host: RecordingHost, requests: RequestIndex, request: RequestRecord): void {
  request.head = request.route ?? request.path;
  request.startMs = host.clock.now();
  request.preciseStartMs = host.clock.preciseAt(request.startMs);
  requests.add(request);
}

export function isOpen({ startMs }: RequestRecord): boolean {
  return !Number.isNaN(startMs);
}

/** Records the end of an open request. */
export function endRequest(
  host: RecordingHost,
  request: RequestRecord,
  durationMs: number,
  given: number | undefined,
  thrown: unknown,
): void {
  const error = thrown ?? request.exception;
  recordFailure(host, request, error);
  // A framework may have any. An open request is not refused for it.
  const status = typeof given === "number" ? given : undefined;
  const isRaw = host.hasRawPaths && request.method !== undefined;
  if (isRaw && request.attributes?.has("url.path") !== true) {
    setAttributes(request, { "url.path": request.path });
  }
  const { path, route, startMs, attributes, truncated, traceparent } = request;
  const duration = request.isUntimed ? undefined : measured(durationMs, request);
  const method = requestLine(request);
  const name = route ?? path;
  const isPath = route === undefined;
  const isRequest = method !== undefined;
  // Sampling rules match the name at the start. A request that has another name now must be opened under that one first.
  const isAlone = isRequest && request.token === undefined && name === request.head;
  if (isAlone && attributes === undefined && truncated === 0 && traceparent === undefined) {
    recordRequest(host, name, method, status, startMs, duration, error, isPath, request);
    return;
  }
  const entries = attributes && boundedMap(attributes);
  const left = { truncated: truncated + (entries?.truncated ?? 0) };
  const ended = { name, start: startMs, duration, error, ...entries, ...left };
  const event = isRequest
    ? ({ ...ended, kind: REQ, isPath, method, status } as const)
    : ({ ...ended, kind: FN } as const);
  if (isAlone) recordEnd(host, { ...event, traceparent }, request, true);
  else recordEnd(host, event, request, false);
}
