/** The name of a request: its route template if somebody knows it, else its path. */
import type { RequestRecord } from "../runtime/bridge.ts";

/** The path without query and fragment. `new URL` would cost more than the whole event. */
export function pathOf(url: string): string {
  const scheme = url.startsWith("/") ? -1 : url.indexOf("://");
  const start = scheme < 0 ? 0 : url.indexOf("/", scheme + 3);
  if (start < 0) return "/";
  let end = start;
  while (end < url.length && url[end] !== "?" && url[end] !== "#") end += 1;
  return url.slice(start, end) || "/";
}

/** Sets the template that a framework has found, unless the user has named the request. */
export function nameRoute(record: RequestRecord, template: unknown): void {
  if (typeof template === "string" && template !== "") record.route ??= template;
}
