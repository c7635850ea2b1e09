/** The method of a request and the origin it was sent to, as one text: `GET https://shop.example`. */
import type { RequestRecord } from "../runtime/bridge.ts";
import { pathStart } from "../runtime/url.ts";

/** The engine has 64 ids for them. Origins are what clients say: beyond these, requests are recorded without one. */
const MOST = 48;
/** What is longer has no place in the engine's table of names. */
const ORIGIN = /^https?:\/\/[\w.:[\]-]{1,70}$/;

/** By origin, then by method. */
const known = new Map<string, Map<string, string>>();
let count = 0;
/** The origin of the last request, and its lines. */
let last = "/";
let lines = new Map<string, string>();

/** Undefined: it is another handler than one for requests. */
export function requestLine({ method, url, origin }: RequestRecord): string | undefined {
  if (method === undefined) return undefined;
  // Most requests are sent to one origin: nothing is then cut out of their URLs.
  const isSame = origin === undefined ? url[last.length] === "/" && url.startsWith(last) : origin === last;
  if (!isSame && !enter(origin ?? url.slice(0, Math.max(pathStart(url), 0)))) return method;
  let line = lines.get(method);
  if (line === undefined) {
    if (count === MOST) return method;
    count += 1;
    line = `${method} ${last}`;
    lines.set(method, line);
  }
  return line;
}

/** False: it is no origin, or there is no place for it. */
function enter(origin: string): boolean {
  let found = known.get(origin);
  if (found === undefined) {
    if (count === MOST || !ORIGIN.test(origin)) return false;
    found = new Map();
    known.set(origin, found);
  }
  last = origin;
  lines = found;
  return true;
}
