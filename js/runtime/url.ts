/** URLs as adapters receive them: whole ones, or paths with their query. */

/** The index at which the path begins; -1: the URL has none. */
export function pathStart(url: string): number {
  const scheme = url.startsWith("/") ? -1 : url.indexOf("://");
  return scheme < 0 ? 0 : url.indexOf("/", scheme + 3);
}

/** Whether both name the same resource. Where one is a path alone, the hosts are not compared. */
export function isSameUrl(one: string, other: string): boolean {
  if (one === other) return true;
  if (one.startsWith("/") === other.startsWith("/")) return false;
  return pathAndQuery(one) === pathAndQuery(other);
}

function pathAndQuery(url: string): string {
  const start = pathStart(url);
  return start < 0 ? "/" : url.slice(start).split("#", 1)[0] || "/";
}
