/** Finds the record of a request by the object that the request is. */
import type { RequestRecord } from "../runtime/bridge.ts";

/** Where frameworks keep what they were called with: Hono `c.req.raw`, Koa `ctx.req`, Fastify `raw`, h3 `event.node.req`. */
const VIEWS = ["raw", "req", "request", "event", "node"];
const DEPTH = 3;

/**
 * Weak: a record goes when its request goes.
 *
 * In V8 an object that is or was a key of a WeakMap, above all a host object, is left to the slow collection of old
 * objects. Each request of a Worker would pay for that. So the youngest requests are in a list, and only those that
 * stay open for longer become keys.
 */
export class RequestIndex {
  readonly #young: RequestRecord[] = [];
  /** The requests of the young ones. */
  readonly #keys: object[] = [];
  readonly #old = new WeakMap<object, RequestRecord>();
  readonly #limit: number;
  /** The place of the oldest in the list, where the next one goes. */
  #next = 0;
  /** Those that have not ended, with those that never will, since their host gave them up. */
  #open = 0;

  /** `limit`: length of the list, which also holds requests that are over. 0: every request becomes a key. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether a request is open. Most of the time none is, and nothing has to be searched for it. */
  get hasOpen(): boolean {
    return this.#open > 0;
  }

  add(record: RequestRecord): void {
    this.#open += 1;
    const key = record.request;
    if (key === undefined) return;
    let leaving: RequestRecord | undefined = record;
    if (this.#limit > 0) {
      leaving = this.#young[this.#next];
      this.#young[this.#next] = record;
      this.#keys[this.#next] = key;
      this.#next = (this.#next + 1) % this.#limit;
    }
    if (leaving?.request !== undefined) this.#old.set(leaving.request, leaving);
  }

  /** A request that was added has ended. It can still be found. */
  end(): void {
    this.#open -= 1;
  }

  /** `object` stands for `record` too: its framework's own request, or a copy of it. */
  addAlias(object: object, record: RequestRecord): void {
    this.#old.set(object, record);
  }

  /** The record of a request that `object` holds: a framework's context, or a request of its own. */
  findWithin(object: unknown, depth: number = DEPTH): RequestRecord | undefined {
    if (depth === 0 || typeof object !== "object" || object === null) return undefined;
    for (const name of VIEWS) {
      try {
        const view = (object as Readonly<Record<string, unknown>>)[name];
        const found = view === object ? undefined : (this.find(view) ?? this.findWithin(view, depth - 1));
        if (found !== undefined) return found;
      } catch {
        // Frameworks have getters that throw.
      }
    }
    return undefined;
  }

  /** The newest record of `request`: an object that lives for long, like a WebSocket, is opened with each event. */
  find(request: unknown): RequestRecord | undefined {
    const keys = this.#keys;
    let at = this.#next;
    for (let left = keys.length; left > 0; left -= 1) {
      at = (at === 0 ? keys.length : at) - 1;
      if (keys[at] === request) return this.#young[at];
    }
    return typeof request === "object" && request !== null ? this.#old.get(request) : undefined;
  }
}
