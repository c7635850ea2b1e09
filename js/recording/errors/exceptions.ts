/** Exceptions: events of their own, which also set the error of what they happened in. */
import type { Place, RequestRecord } from "../../runtime/bridge.ts";
import { asThrown } from "../../runtime/error-type.ts";
import { optionOf } from "../../runtime/members.ts";
import { boundedEntries } from "../attributes.ts";
import { EVT, record } from "../events.ts";
import type { RecordingHost } from "../recording-host.ts";
import { severityOf } from "../severity.ts";

/** Records `error` at `place`. Unless the user has handled it, what is measured there failed by it. */
export function recordException(
  host: RecordingHost,
  place: Place | undefined,
  error: unknown,
  options: unknown,
): void {
  const thrown = asThrown(error);
  const isHandled = optionOf(options, "handled") === true;
  const failed = place?.span ?? place?.record;
  if (!isHandled && failed !== undefined) failed.exception ??= thrown;
  if (place?.record !== undefined && typeof error === "object" && error !== null) {
    place.record.exceptions ??= new WeakSet();
    place.record.exceptions.add(error);
  }
  add(host, place, thrown, isHandled, optionOf(options, "attributes"));
}

/** Records the error by which `request` has failed, unless it is only the name of a type, or was recorded. */
export function recordFailure(host: RecordingHost, request: RequestRecord, error: unknown): void {
  if (typeof error !== "object" || error === null || request.exceptions?.has(error) === true) return;
  add(host, { record: request, context: request.context, span: undefined }, error, false, undefined);
}

function add(
  host: RecordingHost,
  place: Place | undefined,
  error: unknown,
  isHandled: boolean,
  attributes: unknown,
): void {
  const start = host.clock.now();
  const severity = severityOf("error");
  record(
    host,
    { kind: EVT, name: "exception", start, error, severity, isHandled, ...boundedEntries(attributes) },
    place,
  );
}
