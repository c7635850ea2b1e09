/** The parts of `Response` and `fetch` that are used. Each runtime has its own types of them; all fit these. */

/** The part of a `Response` that is read: the status, `Retry-After`, and the body. */
export interface ResponseLike {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body?: BodyLike | null;
  arrayBuffer?(): Promise<ArrayBuffer>;
}

/** The part of a response's stream that is used. OTLP replies are read up to 64 KiB; other bodies are drained. */
export interface BodyLike {
  cancel(reason?: unknown): Promise<void>;
  getReader?(): {
    read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
    cancel(reason?: unknown): Promise<void>;
  };
}

/** The part of `fetch` that a sink needs. The `fetch` of a service binding or of a VPC binding fits too. */
// biome-ignore lint/suspicious/noExplicitAny: each runtime has its own RequestInit; ours is a subset of all of them
export type FetchLike = (url: string, init: any) => Promise<ResponseLike>;
