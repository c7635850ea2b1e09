/** Watches a response's body to its end. */
import type { WaitUntil } from "../runtime/wait-until.ts";

type Pipe = { readonly readable: unknown; readonly writable: unknown };

interface Reader {
  read(): Promise<{ readonly done: boolean; readonly value: unknown }>;
  cancel(reason: unknown): Promise<void>;
}

interface Stream {
  readonly locked: boolean;
  getReader(): Reader;
  pipeTo(to: unknown): Promise<void>;
}

interface Globals {
  readonly IdentityTransformStream?: new () => Pipe;
  readonly FixedLengthStream: new (length: unknown) => Pipe;
  readonly ReadableStream: (new (
    source: unknown,
    strategy: unknown,
  ) => Stream) & {
    readonly prototype: Record<symbol, unknown>;
  };
  readonly Response: new (body: unknown, init: unknown) => unknown;
}

interface StreamedResponse {
  readonly body?: Stream | null;
  readonly bodyUsed?: boolean;
  readonly webSocket?: unknown;
  readonly headers?: { has(name: string): boolean };
}

/** Whether `response` is one whose body takes its time. */
export function hasStream(response: unknown): response is StreamedResponse {
  try {
    const given = response as StreamedResponse | null | undefined;
    return typeof given?.body?.getReader === "function" && !given.webSocket;
  } catch {
    return false;
  }
}

/**
 * Returns a response with the same head and the same bytes. Calls `onEnd` when the body has ended, with an error if it
 * failed. Undefined: this body cannot be watched without changing what the client gets, and was left alone.
 *
 * Only a pipe sees that the client leaves, and only while it runs as work of `context`. workerd cannot pipe all of its
 * own streams into another, but they can all be read, so a stream of ours is between the two.
 */
export function untilBodyEnds(
  response: StreamedResponse,
  context: WaitUntil,
  onEnd: (hasLeft: boolean, error?: unknown) => void,
): unknown {
  const watched = watch(response);
  if (watched === undefined) return undefined;
  const piped = watched.source.pipeTo(watched.writable).then(
    () => onEnd(false),
    (error) => onEnd(isGone(error) && !watched.hasFailed(), error ?? "throw"),
  );
  try {
    context.waitUntil(piped);
  } catch {
    // The context takes no work. The pipe runs as long as the request does.
  }
  return watched.copy;
}

/** The body's reader is taken last: until then whatever fails leaves the response as it was. */
function watch(response: StreamedResponse) {
  const { body, bodyUsed, headers } = response;
  // workerd itself reports a body that was used. An encoded one must reach the client as it is.
  if (!body || body.locked || bodyUsed !== false || headers?.has("content-encoding") !== false)
    return undefined;
  try {
    const pipe = pipeFor(body);
    if (pipe === undefined) return undefined;
    const { ReadableStream, Response } = globalThis as unknown as Globals;
    const copy = new Response(pipe.readable, response);
    let reader: Reader;
    let hasFailed = false;
    const source = new ReadableStream(
      {
        async pull(controller: { enqueue(chunk: unknown): void; close(): void }) {
          const { done, value } = await reader.read().catch((error) => {
            hasFailed = true;
            throw error;
          });
          if (done) controller.close();
          else controller.enqueue(value);
        },
        cancel: (reason: unknown) => reader.cancel(reason),
      },
      { highWaterMark: 0 },
    );
    reader = body.getReader();
    return { source, copy, writable: pipe.writable, hasFailed: () => hasFailed };
  } catch {
    return undefined;
  }
}

/** A pipe that tells the client the length of the body, if it has one. Undefined: whether it has one is not known. */
function pipeFor(body: Stream): Pipe | undefined {
  const { IdentityTransformStream, FixedLengthStream, ReadableStream } = globalThis as unknown as Globals;
  const symbols = Object.getOwnPropertySymbols(ReadableStream.prototype);
  // workerd shows it to its inspector, and to nobody else.
  const lengthOf = symbols.find(({ description }) => description === "length");
  if (lengthOf === undefined || IdentityTransformStream === undefined) return undefined;
  const length = (body as unknown as Record<symbol, unknown>)[lengthOf];
  return length === undefined ? new IdentityTransformStream() : new FixedLengthStream(length);
}

/** Whether it is workerd's error when the reader has gone. An upstream that is gone has the same. */
function isGone(error: unknown): boolean {
  return (error as { message?: unknown } | undefined)?.message === "Network connection lost.";
}
