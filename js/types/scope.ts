/** Recording within a request. Times are wall-clock milliseconds. */
import type { AttributeInput, Attributes } from "./attributes.ts";
import type { Severity } from "./event.ts";
import type { ResponseLike } from "./http.ts";

/** How an exception is recorded. */
export interface ExceptionOptions {
  /**
   * What it happened in has not failed.
   *
   * @default false
   */
  readonly handled?: boolean;
  readonly attributes?: Attributes;
}

/** What only a database event has. */
export interface DatabaseDetails {
  /**
   * `"postgresql"`, `"sqlite"`, … It says how `"…"` is read: a name on postgresql, oracle, mssql and db2, a string on
   * mysql, mariadb and bigquery. On sqlite and without it, what is not surely a name is hidden.
   */
  readonly system?: string | undefined;
  /** Rows returned or changed. */
  readonly rows?: number | undefined;
  readonly error?: unknown;
}

/** `fetch` as the host's types have it. */
export type HostFetch = typeof globalThis extends { fetch: infer Fetch }
  ? Fetch
  : (input: unknown, init?: unknown) => Promise<ResponseLike>;

/** The part of a D1 binding that is measured. A session, as `withSession` gives it, has no `exec`. */
export interface D1Like {
  prepare(statement: string): object;
  // biome-ignore lint/suspicious/noExplicitAny: the statement type of the platform
  batch(statements: any[]): PromiseLike<unknown>;
  exec?(statements: string): PromiseLike<unknown>;
}

/** Options of `binding`. */
export interface BindingOptions {
  /**
   * RPC calls carry the trace, to methods that `instrumentEntrypoint` or `instrumentDurableObject` measures. The first
   * call in an isolate, and then one a minute, first asks the other end which these are. Every other method gets the
   * arguments that it would get bare.
   *
   * @default false
   */
  readonly propagate?: boolean;
  /**
   * The methods to measure; those of a property are `"property.method"`.
   *
   * @default all
   */
  readonly methods?: readonly string[];
}

/** Events of one request. */
export interface Scope {
  /** Names the request by its route template, like `"/users/:id"`. */
  route(template: string): void;
  /** Sets an attribute of the request's event, at most 64 per request. */
  set(key: string, value: AttributeInput): void;
  /**
   * Runs `work` and records it as FN. Returns and throws what `work` does.
   *
   * What is recorded within it has it as parent: by context where the runtime has one, else through `inner`, which `work`
   * gets if it declares an argument.
   */
  time<T>(name: string, work: (inner: Scope) => T, options?: { readonly attributes?: Attributes }): T;
  /**
   * Runs `work` and records it as DB; `inner` is as in `time`. Literals in the statement, and values in the message of an
   * error, are never stored.
   */
  query<T>(statement: string, work: (inner: Scope) => T, details?: Omit<DatabaseDetails, "error">): T;
  /**
   * The host's `fetch`, recorded as FN with the name `<METHOD> <host>`.
   *
   * The duration lasts until the headers. A call that throws is an error, and so is a status of 400 or more. A call
   * that you abort is none, and has the attribute `aborted`; one that `AbortSignal.timeout` ends is an error. The call
   * gets a `traceparent` whose span is this event, and the `tracestate` that came with the request, unless you set a
   * `traceparent` yourself. Within an excluded request it gets neither.
   *
   * Spec: <https://www.w3.org/TR/trace-context-2/>
   */
  readonly fetch: HostFetch;
  /**
   * A D1 binding, or a session of one, whose statements are recorded as DB. Results and errors are the binding's own.
   *
   * A batch is one event. `rows` are the rows returned, or else those changed.
   *
   * @example
   * const { results } = await tide.d1(env.DB).prepare("select * from items where id = ?").bind(id).all();
   */
  d1<D extends D1Like>(database: D): D;
  /**
   * A binding whose calls are recorded as FN `rpc:<name>.<method>`: a service binding, a Durable Object namespace or
   * stub, KV, R2, a queue, any object by its methods. Results and errors are the binding's own.
   *
   * A `fetch` of a URL is recorded as `<METHOD> <name>`, and carries `traceparent` as `tide.fetch` does. A namespace
   * makes measured stubs. A call that nobody awaits is recorded at the end of its request, without a duration. Pass the
   * bare binding on, not this one: a callee cannot take it. D1 has `d1`.
   *
   * @example
   * const api = tide.binding("API", env.API, { propagate: true });
   * await api.charge(order);
   */
  binding<T>(name: string, binding: T, options?: BindingOptions): T;
  /** Records a function that is over. */
  fn(name: string, startMs: number, durationMs?: number, error?: unknown): void;
  /** Records a query that is over. Literals in the statement are never stored. */
  db(statement: string, startMs: number, durationMs?: number, details?: DatabaseDetails): void;
  /** Records an event of your own, now. The severity is `"info"` by default. */
  evt(name: string, attributes?: Attributes, options?: { readonly severity?: Severity }): void;
  /**
   * Records an error as an event `exception` of severity `"error"`, with its causes, four deep. Unless `handled` is true,
   * it is also the error of the request or function that it happened in. Adapters record what handlers throw by
   * themselves, each error once.
   */
  recordException(error: unknown, options?: ExceptionOptions): void;
  /** The id of the trace, 32 hex digits, whether it is sampled or not. Empty: nothing is recorded, or there is no request. */
  readonly traceId: string;
  /** The id of the request's span, or of the innermost work that is measured: 16 hex digits. Empty as `traceId`. */
  readonly spanId: string;
  /** The W3C header that names both. Empty as `traceId`. */
  readonly traceparent: string;
}
