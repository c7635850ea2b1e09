/** What a sink's answer means: the one place where values and statuses become outcomes. */
import type { ResponseLike, SinkFormat } from "./types.ts";

/** The codes of the wasm boundary. */
export const OK = 0;
export const RETRY = 1;
export const FATAL = 2;
export const TOO_LARGE = 3;

export interface Outcome {
  readonly code: 0 | 1 | 2 | 3;
  /** With OK: events rejected. With RETRY: ms to wait. */
  readonly value?: number;
}

/** A server may ask for patience, but not for ever. */
const RETRY_AFTER_MAX_MS = 600_000;
const RETRY_STATUS: readonly number[] = [429, 502, 503, 504];
const RETRY_STATUS_NDJSON: readonly number[] = [...RETRY_STATUS, 408, 425, 500];

/** Maps everything a sink may return. `nowMs` is what an HTTP-date is measured from. */
export function outcomeOf(answer: unknown, format: SinkFormat, nowMs: number): Outcome {
  if (answer === undefined || answer === "ok") return { code: OK };
  if (answer === "retry") return { code: RETRY };
  if (answer === "too-large") return { code: TOO_LARGE };
  if (typeof answer !== "object" || answer === null) return { code: FATAL };
  if (isResponse(answer)) return responseOutcome(answer, format, nowMs);
  const { ok, rejected, retryAfterMs } = answer as Record<string, unknown>;
  if (ok === true) return { code: OK, value: count(rejected) };
  if (typeof retryAfterMs === "number") return retry(retryAfterMs);
  return { code: FATAL };
}

/** Structural: a Response of another realm or library is one too. */
export function isResponse(answer: unknown): answer is ResponseLike {
  if (typeof answer !== "object" || answer === null) return false;
  const { status, headers } = answer as Partial<ResponseLike>;
  return typeof status === "number" && typeof headers?.get === "function";
}

/** The status table. OTLP knows one success and fewer retries than our own format. */
function responseOutcome(response: ResponseLike, format: SinkFormat, nowMs: number): Outcome {
  const { status } = response;
  const otlp = format.startsWith("otlp");
  if (otlp ? status === 200 : status >= 200 && status < 300) return { code: OK };
  if (status === 413) return { code: TOO_LARGE };
  if (!(otlp ? RETRY_STATUS : RETRY_STATUS_NDJSON).includes(status)) return { code: FATAL };
  return retry(retryAfterMs(response.headers.get("retry-after"), nowMs));
}

/** Seconds or an HTTP-date (RFC 9110, 10.2.3) as ms from now; NaN if it is neither. */
export function retryAfterMs(header: string | null, nowMs: number): number {
  if (header === null) return Number.NaN;
  const text = header.trim();
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  // A date starts with the name of its day; `Date.parse` alone would read "-1" as a year.
  return /^[A-Za-z]{3}/.test(text) ? Date.parse(text) - nowMs : Number.NaN;
}

function retry(afterMs: number): Outcome {
  if (Number.isNaN(afterMs)) return { code: RETRY };
  return { code: RETRY, value: Math.min(Math.max(afterMs, 0), RETRY_AFTER_MAX_MS) };
}

function count(rejected: unknown): number {
  return typeof rejected === "number" && rejected > 0 ? rejected : 0;
}

/** Small enough to read, so that the connection can be used again. */
const READ_MAX_BYTES = 16_384;

/** Gets rid of a body: unread it stalls the connection, and Workers warn. Never rejects. */
export async function discard(answer: unknown): Promise<void> {
  if (!isResponse(answer)) return;
  try {
    const length = Number(answer.headers.get("content-length") ?? Number.NaN);
    if (length <= READ_MAX_BYTES && answer.arrayBuffer !== undefined) await answer.arrayBuffer();
    else await answer.body?.cancel();
  } catch {
    // Already read, locked or broken: gone in any case.
  }
}

/** Replies to OTLP are short; one that is not says nothing that is waited for. */
const REPLY_MAX_BYTES = 65_536;

/** The whole body, or undefined if it is too long, breaks off or `signal` aborts. It is drained or canceled either way. */
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
