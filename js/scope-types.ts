/** Types of recording within a request, and no code. Times are wall-clock milliseconds. */
import type { ResponseLike } from "./sink-types.ts";
import type { Attributes, AttributeValue } from "./wire.ts";

/** What only a database event has. */
export interface DatabaseDetails {
  /** `"postgresql"`, `"sqlite"`, … */
  readonly system?: string | undefined;
  /** Rows returned or changed. */
  readonly rows?: number | undefined;
  readonly error?: unknown;
}

/** `fetch` as the host's types have it. */
export type HostFetch = typeof globalThis extends { fetch: infer Fetch }
  ? Fetch
  : (input: unknown, init?: unknown) => Promise<ResponseLike>;

/** The part of a D1 binding that is measured. */
export interface D1Like {
  prepare(statement: string): object;
  // biome-ignore lint/suspicious/noExplicitAny: the statement type of the platform
  batch(statements: any[]): PromiseLike<unknown>;
  exec(statements: string): PromiseLike<unknown>;
}

/** Events bound to one request. */
export interface Scope {
  /** Names the request by its route template, as `"/users/:id"`. */
  route(template: string): void;
  /** Sets an attribute of the request's event; at most 64 a request. */
  set(key: string, value: AttributeValue): void;
  /** Runs `work` and records it as FN; returns and throws what it does. */
  time<T>(name: string, work: () => T): T;
  /** Runs `work` and records it as DB; literals in the statement are never stored. */
  query<T>(statement: string, work: () => T, details?: Omit<DatabaseDetails, "error">): T;
  /**
   * The host's `fetch`, recorded as FN called `<METHOD> <host>`: duration to headers, and an error where it throws or
   * the status is 400 or more. The call is given a `traceparent` whose span is the event's, and the `tracestate` that
   * came with the request, unless it has a `traceparent` already. Within an excluded request neither.
   *
   * Spec: <https://www.w3.org/TR/trace-context-2/>
   */
  readonly fetch: HostFetch;
  /**
   * A D1 binding whose every statement is recorded as DB; what it gives and throws is the binding's own. A batch is one
   * event; `rows` are those returned, or else changed.
   *
   * @example
   * const { results } = await tide.d1(env.DB).prepare("select * from items where id = ?").bind(id).all();
   */
  d1<D extends D1Like>(database: D): D;
  /** A KV namespace whose every call is recorded as FN `kv.<method>`. */
  kv<T extends object>(namespace: T): T;
  /** An R2 bucket whose every call is recorded as FN `r2.<method>`. */
  r2<T extends object>(bucket: T): T;
  /** A queue's producer whose every call is recorded as FN `queue.<method>`. */
  queue<T extends object>(producer: T): T;
  fn(name: string, startMs: number, durationMs?: number, error?: unknown): void;
  db(statement: string, startMs: number, durationMs?: number, details?: DatabaseDetails): void;
  evt(name: string, attributes?: Attributes): void;
}
