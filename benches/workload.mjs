/**
 * The work that every contender does: requests on 32 routes with 4 methods, 2 % of them errors, recorded one by one,
 * batched by 256 and encoded to bytes, which a sink that does nothing counts.
 */
export const BATCH = 256;
const METHODS = ["GET", "POST", "PUT", "DELETE"];

/** `distinct` routes; 0: the usual ones. Parsed, as a server's are: put together they would lie in pieces. */
export function routesOf(distinct) {
  const route = distinct === 0 ? (at) => `/api/v1/resource${at}/:id` : (at) => `/path/number/${at}/of`;
  return JSON.parse(JSON.stringify(Array.from({ length: distinct || 32 }, (_, at) => route(at))));
}

/** Plays requests through a contender, a batch at a time. */
export class Player {
  played = 0;
  bytes = 0;
  #contender;
  #routes;

  constructor(make, routes) {
    this.#routes = routes;
    this.#contender = make((length) => {
      this.bytes += length;
    });
  }

  async play(count) {
    for (const end = this.played + count; this.played < end; ) {
      this.#record(Math.min(this.played + BATCH, end));
      await this.#contender.ship();
    }
  }

  /** Every event was delivered, or the figure means nothing. */
  async check() {
    await this.#contender.check?.(this.played);
  }

  #record(end) {
    const now = Date.now();
    const { record } = this.#contender;
    const routes = this.#routes;
    for (let at = this.played; at < end; at += 1) {
      const route = routes[at % routes.length];
      record(route, METHODS[(at >> 5) & 3], at % 50 === 0 ? 500 : 200, now, (at % 97) + 0.5);
    }
    this.played = end;
  }
}

/** The middle one. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

/** The values below which a quarter and three quarters lie. */
export function quartiles(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return [0.25, 0.75].map((share) => sorted[Math.floor((sorted.length - 1) * share)]);
}
