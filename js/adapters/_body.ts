/** Watches a response's body to its end. */
import type { WaitUntil } from "../runtime/wait-until.ts";

interface Pipe {
  readonly readable: unknown;
  readonly writable: unknown;
}

interface Globals {
  readonly IdentityTransformStream?: new () => Pipe;
  readonly Response: new (body: unknown, init: unknown) => unknown;
}

/** A response whose body can be watched. */
export interface StreamedResponse {
  readonly status: number;
  readonly headers: { has(name: string): boolean };
  readonly body: { pipeTo(to: unknown): Promise<void> };
}

/** The message of workerd's error when the reader has gone. */
const READER_GONE = "Network connection lost.";

/** Whether the body of `response` can be watched. An encoded body is left alone: it must reach the client as it is. */
export function hasStream(response: unknown): response is StreamedResponse {
  const { IdentityTransformStream } = globalThis as unknown as Globals;
  const given = response as Partial<StreamedResponse & { webSocket: unknown }> | null | undefined;
  return (
    IdentityTransformStream !== undefined &&
    typeof given?.body?.pipeTo === "function" &&
    !given.webSocket &&
    given.headers?.has("content-encoding") === false
  );
}

/**
 * Returns a response with the same head, whose body is piped through. Calls `onEnd` when the body has ended, with an
 * error if it failed.
 *
 * Only a pipe sees that the client leaves, and only while it runs as work of `context`.
 */
export function untilBodyEnds(
  response: StreamedResponse,
  context: WaitUntil,
  onEnd: (error: unknown) => void,
): unknown {
  const { IdentityTransformStream, Response } = globalThis as unknown as Required<Globals>;
  const { readable, writable } = new IdentityTransformStream();
  const copy = new Response(readable, response);
  context.waitUntil(
    response.body.pipeTo(writable).then(
      () => onEnd(undefined),
      (error) => onEnd(causeOf(error)),
    ),
  );
  return copy;
}

function causeOf(error: unknown): unknown {
  const isGone = (error as { message?: unknown } | undefined)?.message === READER_GONE;
  return isGone ? "client_disconnected" : (error ?? "throw");
}
