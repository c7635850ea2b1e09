// Seeded mixed traffic for worker-example: the same seed sends the same requests in the same order.

const kinds = [
  { kind: "list", weight: 28, make: () => ({ path: "/api/items" }) },
  // Some ids do not exist: 404 is no error of the server.
  { kind: "get", weight: 24, make: (draw) => ({ path: `/api/items/${1 + Math.floor(draw() * 60)}` }) },
  { kind: "create", weight: 10, make: (draw) => ({ path: "/api/items", method: "POST", body: item(draw) }) },
  { kind: "stream", weight: 10, make: () => ({ path: "/stream" }) },
  { kind: "static", weight: 10, excluded: true, make: () => ({ path: "/static/site.css" }) },
  { kind: "slow", weight: 6, make: (draw) => ({ path: `/slow?ms=${40 + Math.floor(draw() * 120)}` }) },
  { kind: "lost", weight: 5, make: (draw) => ({ path: `/nowhere/${Math.floor(draw() * 1e6)}` }) },
  { kind: "fail", weight: 4, make: () => ({ path: "/fail" }) },
  { kind: "unavailable", weight: 3, make: () => ({ path: "/unavailable" }) },
];

const item = (draw) => JSON.stringify({ name: `item ${Math.floor(draw() * 1000)}` });

/** `count` requests: { kind, excluded, path, method?, body? }. */
export function plan(count, seed) {
  const draw = mulberry32(seed);
  return Array.from({ length: count }, () => {
    const { kind, excluded = false, make } = pick(draw);
    return { kind, excluded, ...make(draw) };
  });
}

function pick(draw) {
  let left = draw() * kinds.reduce((sum, { weight }) => sum + weight, 0);
  return kinds.find(({ weight }) => {
    left -= weight;
    return left < 0;
  });
}

/**
 * Sends `requests` to `url`, `concurrency` at a time, in `bursts` with pauses between them, so that several flush
 * intervals pass. Resolves to what the client saw.
 */
export async function drive(
  url,
  requests,
  { concurrency = 32, bursts = 5, pauseMs = 700, onProgress = () => {} } = {},
) {
  const seen = { requests: 0, excluded: 0, serverErrors: 0, unanswered: 0, statuses: {} };
  const size = Math.ceil(requests.length / bursts);
  for (let from = 0; from < requests.length; from += size) {
    if (from > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    const burst = requests.slice(from, from + size).values();
    const worker = async () => {
      for (const request of burst) {
        await send(url, request, seen);
        onProgress(seen.requests, requests.length);
      }
    };
    await Promise.all(Array.from({ length: concurrency }, worker));
  }
  return seen;
}

async function send(url, { path, method = "GET", body, excluded }, seen) {
  let status = "none";
  try {
    const response = await fetch(url + path, { method, body });
    await response.arrayBuffer();
    status = response.status;
  } catch {
    seen.unanswered += 1;
  }
  seen.requests += 1;
  seen.statuses[status] = (seen.statuses[status] ?? 0) + 1;
  if (excluded) seen.excluded += 1;
  if (status >= 500) seen.serverErrors += 1;
}

/** A small seeded generator (public domain), good enough to mix traffic. */
function mulberry32(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
