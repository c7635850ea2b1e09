/** The parts of Node's requests and responses that are used. */
import type { RequestOptions } from "../_options.ts";

/** The part of `IncomingMessage` that is read. Express adds the last three. */
export interface NodeRequest {
  readonly url?: string | undefined;
  readonly method?: string | undefined;
  readonly headers: {
    readonly traceparent?: unknown;
    readonly tracestate?: unknown;
    readonly [name: string]: unknown;
  };
  readonly socket?: object | null;
  readonly originalUrl?: string;
  readonly baseUrl?: string;
  // biome-ignore lint/suspicious/noExplicitAny: a text, a pattern, or several of them
  readonly route?: any;
}

/** The part of `ServerResponse` that is used. */
export interface NodeResponse {
  readonly statusCode: number;
  readonly headersSent: boolean;
  readonly destroyed?: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: listeners of any event
  on(event: "finish" | "close", listener: (...args: any[]) => void): unknown;
}

/** Options of each of Node's adapters. */
export interface NodeOptions extends RequestOptions {}
