/** Bodies of responses. Each is drained or canceled: unread it stalls the connection, and Workers warn. */
import type { ResponseLike } from "../types/http.ts";
import { isResponse } from "./outcome.ts";

/** A body up to this size is read, so that the connection can be used again. */
const DISCARD_MAX_BYTES = 16_384;
/** Replies to OTLP are short. A longer one is not read. */
const REPLY_MAX_BYTES = 65_536;

/** Drains or cancels the body of `answer`, if it is a response. Never rejects. */
export async function discard(answer: unknown): Promise<void> {
  try {
    if (!isResponse(answer)) return;
    const length = Number(answer.headers.get("content-length") ?? Number.NaN);
    if (length <= DISCARD_MAX_BYTES && answer.arrayBuffer !== undefined) await answer.arrayBuffer();
    else await answer.body?.cancel();
  } catch {
    // Read already, locked or broken: there is nothing to drain.
  }
}

/** Reads the whole body. Undefined: it is too long or breaks off, or `signal` aborts. */
export async function readReply(
  response: ResponseLike,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  const reader = response.body?.getReader?.();
  if (reader === undefined) {
    await discard(response);
    return undefined;
  }
  const cancel = () => void reader.cancel().catch(() => {});
  signal.addEventListener("abort", cancel);
  try {
    const chunks: Uint8Array[] = [];
    let total = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return signal.aborted ? undefined : joined(chunks, total);
      if (value === undefined) continue;
      chunks.push(value);
      total += value.length;
      if (total > REPLY_MAX_BYTES) {
        cancel();
        return undefined;
      }
    }
  } catch {
    return undefined;
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}

function joined(chunks: readonly Uint8Array[], total: number): Uint8Array {
  const bytes = new Uint8Array(total);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
