import type { Attributes } from "./attributes.ts";

/** The severity of an event of your own. */
export type Severity = "trace" | "debug" | "info" | "warn" | "error" | "fatal";

interface EventBase {
  readonly startMs: number;
  /** Without it the duration is unknown: the event counts, but in no percentile. */
  readonly durationMs?: number | undefined;
  /**
   * An `Error`, the name of its type, or any other value. Undefined and null mean that there was no error. A text that is
   * no name is the message of an error of type `"string"`.
   */
  readonly error?: unknown;
  readonly attributes?: Attributes | undefined;
  /** The W3C header of the parent, for an event outside a request. An invalid one starts a new trace. */
  readonly traceparent?: string | undefined;
}

/** One event as an object, for `enqueue`. */
export type EventInput =
  | (EventBase & {
      readonly kind: "REQ";
      readonly route: string;
      readonly method: string;
      readonly status: number;
    })
  | (EventBase & { readonly kind: "FN"; readonly name: string })
  | (EventBase & {
      readonly kind: "DB";
      /** Literals in it are never stored. */
      readonly statement: string;
      /**
       * `"postgresql"`, `"sqlite"`, … It says how `"…"` is read: a name on postgresql, oracle, mssql and db2, a string on
       * mysql, mariadb and bigquery. On sqlite and without it, what is not surely a name is hidden.
       */
      readonly system?: string;
      /** Rows returned or changed. */
      readonly rows?: number;
    })
  | (Omit<EventBase, "startMs"> & {
      readonly kind: "EVT";
      readonly name: string;
      /** @default now */
      readonly startMs?: number;
      /** @default "info", or "error" with an `error` */
      readonly severity?: Severity;
    });
