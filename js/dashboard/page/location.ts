/** The part of the page that the address names: `#REQ/%2Fitems%2F%3Aid` is the page of a route. */
import type { SeriesKey } from "../../types/view.ts";

const KINDS: readonly string[] = ["REQ", "FN", "DB", "_OTHER"];

export function hashOf({ kind, name }: SeriesKey): string {
  return `#${kind}/${encodeURIComponent(name)}`;
}

/** Undefined: the overview. */
export function seriesOf(hash: string): SeriesKey | undefined {
  const [, kind = "", name = ""] = hash.match(/^#(\w+)\/(.*)$/) ?? [];
  if (!KINDS.includes(kind)) return undefined;
  try {
    return { kind, name: decodeURIComponent(name) } as SeriesKey;
  } catch {
    // Somebody has changed the address.
    return undefined;
  }
}
