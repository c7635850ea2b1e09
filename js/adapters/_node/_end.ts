/** Records how a response of Node's ended. */
import type { RequestRecord } from "../../runtime/bridge.ts";
import type { Ending } from "./_ending.ts";
import type { NodeRequest } from "./_types.ts";

/** `answersErrors`: the framework answers errors itself. With a status below 500 the request is then no error. */
export function endResponse(
  record: RequestRecord,
  request: NodeRequest,
  ending: Ending,
  isFinished: boolean,
  answersErrors: boolean,
): void {
  const status = ending.status();
  if (status === undefined && isSocket(request)) endHandedOver(record);
  else if (!ending.isWhole(isFinished)) endLost(record, status, ending.cause());
  else {
    if (answersErrors && status !== undefined && status < 500) record.error = undefined;
    record.bridge.end(record, status, undefined, undefined);
  }
}

function isSocket({ headers }: NodeRequest): boolean {
  return String(headers["upgrade"]).toLowerCase() === "websocket";
}

/** A server of WebSockets has the connection: what it has sent is not known. */
function endHandedOver(record: RequestRecord): void {
  record.isUntimed = true;
  record.bridge.end(record, undefined, undefined, undefined);
}

/**
 * The connection closed before the response was finished.
 *
 * Before the headers the client got no answer: an error without status. After them it is the common end of a stream,
 * unless the server broke off: the status that was sent, and an attribute.
 */
function endLost(record: RequestRecord, status: number | undefined, broken: unknown): void {
  const cause = record.error ?? broken ?? undefined;
  const isStream = status !== undefined;
  if (isStream) record.bridge.setAttributes(record, { client_disconnected: cause === undefined });
  record.bridge.end(record, status, cause ?? (isStream ? undefined : "client_disconnected"), undefined);
}
