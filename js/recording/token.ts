import type { RequestRecord } from "../runtime/bridge.ts";
import type { Engine } from "../wasm/generated/tidegate.js";
import { supplyDraw } from "./draw.ts";
import type { RecordingHost } from "./recording-host.ts";
import { optionalText, text } from "./values.ts";

/** In place of a token: a request that is over, whose answer the engine finds in its buffer. */
export const OVER: number = -1;

/**
 * The token of an open request. The first call opens it in the engine, by the name that it came in with: sampling
 * rules match that name. Undefined: it is over, or was opened in an engine that has been replaced.
 */
export function tokenOf(host: RecordingHost, engine: Engine, request: RequestRecord): number | undefined {
  if (request.isOver) return undefined;
  if (request.token === undefined) {
    const { method, head, traceparent } = request;
    const path = method === undefined ? undefined : text(head);
    supplyDraw(host, engine, path);
    const atMs = host.clock.engineTime(host.clock.now());
    request.token = engine.open(path, optionalText(traceparent), atMs);
    request.generation = host.engine.generation;
  }
  return request.generation === host.engine.generation ? request.token : undefined;
}
