/** Node's own listeners, Express and Connect: what they know of a request. */
import type { RequestRecord } from "../../runtime/bridge.ts";
import type { Collector } from "../../types/collector.ts";
import { nameRoute } from "../_route.ts";
import type { NodeOptions, NodeRequest, NodeResponse } from "./_types.ts";
import { watch } from "./_watch.ts";

export function watchExpress(
  tide: Collector,
  request: NodeRequest,
  response: NodeResponse,
  options: NodeOptions | undefined,
  answersErrors: boolean,
): RequestRecord | undefined {
  const url = request.originalUrl ?? request.url;
  const name = (record: RequestRecord) => nameExpress(request, record);
  return watch(tide, request, response, { key: request, url, name, answersErrors }, options);
}

/** Express knows the path where the router was mounted, as received, and the template within it. */
function nameExpress({ baseUrl = "", route }: NodeRequest, record: RequestRecord): void {
  const path: unknown = route?.path;
  if (path === undefined || path === null) return;
  const template = `${baseUrl}${path === "/" && baseUrl !== "" ? "" : String(path)}`;
  // A mount path holds the values of its parameters. As a path its id-like segments are shown as `:id`.
  if (baseUrl === "") nameRoute(record, template);
  else record.path = template;
}
