/** Watching a response's body to its end. */
import type { WaitUntil } from "../runtime/port.ts";

interface Pipe {
  readonly readable: unknown;
  readonly writable: unknown;
}

interface Host {
  readonly IdentityTransformStream?: new () => Pipe;
  readonly Response: new (body: unknown, init: unknown) => unknown;
}

/** A response whose body can be watched. */
export interface Streaming {
  readonly status: number;
  readonly headers: { has(name: string): boolean };
  readonly body: { pipeTo(to: unknown): Promise<void> };
}

/** What workerd rejects with when the reader is gone. */
const LOST = "Network connection lost.";

/** Whether `response` has a body that is not encoded: one that is must reach the client as it is. */
export function hasStream(response: unknown): response is Streaming {
  const { IdentityTransformStream } = globalThis as unknown as Host;
  const given = response as Partial<Streaming & { webSocket: unknown }> | null | undefined;
  return (
    IdentityTransformStream !== undefined &&
    typeof given?.body?.pipeTo === "function" &&
    !given.webSocket &&
    given.headers?.has("content-encoding") === false
  );
}

/**
 * A response with the same head whose body is piped through, and `ended` called when it has ended, with an error if
 * it failed. Of all ways to watch a body this one alone sees the client leave, and only as the work of `context`.
 */
export function untilBodyEnds(
  response: Streaming,
  context: WaitUntil,
  ended: (error: unknown) => void,
): unknown {
  const { IdentityTransformStream, Response } = globalThis as unknown as Required<Host>;
  const { readable, writable } = new IdentityTransformStream();
  const copy = new Response(readable, response);
  context.waitUntil(
    response.body.pipeTo(writable).then(
      () => ended(undefined),
      (error) => ended(causeOf(error)),
    ),
  );
  return copy;
}

function causeOf(error: unknown): unknown {
  const isLost = (error as { message?: unknown } | undefined)?.message === LOST;
  return isLost ? "client_disconnected" : (error ?? "throw");
}
