/**
 * The work that every contender does: requests on 32 routes with 4 methods, 2 % of them errors, recorded one by one,
 * batched by 256 and encoded to bytes, which a sink that does nothing counts.
 */
export const BATCH = 256;
const ROUTES = Array.from({ length: 32 }, (_, at) => `/api/v1/resource${at}/:id`);
const METHODS = ["GET", "POST", "PUT", "DELETE"];

/** Calls `record(route, method, status, startMs, durMs)` for requests `from` to `to`. */
export function requests(from, to, record, routes = ROUTES) {
  const now = Date.now();
  for (let at = from; at < to; at += 1) {
    const route = routes[at % routes.length];
    record(route, METHODS[(at >> 5) & 3], at % 50 === 0 ? 500 : 200, now, (at % 97) + 0.5);
  }
}

/** Plays `count` requests through a contender, a batch at a time. */
export async function play({ record, ship }, count, routes) {
  for (let from = 0; from < count; from += BATCH) {
    requests(from, Math.min(from + BATCH, count), record, routes);
    await ship();
  }
}

/** The middle one. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}
