/** What a sink's answer means: the one place where values and statuses become outcomes. */
import { memberOf } from "../runtime/members.ts";
import type { ResponseLike } from "../types/http.ts";
import type { FailureCause } from "../types/notices.ts";
import type { SinkFormat } from "../types/sink.ts";

/** The codes that the engine takes; src/wasm/convert.rs has the table. */
export const OK = 0;
export const RETRY = 1;
export const FATAL = 2;
export const TOO_LARGE = 3;

export interface Outcome {
  readonly code: 0 | 1 | 2 | 3;
  /** With OK: events rejected. With RETRY: ms to wait; undefined: the engine's backoff. */
  readonly value?: number;
  /** The status of the response. */
  readonly status?: number;
  /** Why there was none. */
  readonly cause?: FailureCause;
  /** More on a cause, without the text of a foreign error. */
  readonly detail?: string;
}

/** The longest wait that a server's `Retry-After` can ask for. */
const RETRY_AFTER_MAX_MS = 600_000;
/** https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes */
const RETRY_STATUS_OTLP: readonly number[] = [429, 502, 503, 504];
const RETRY_STATUS: readonly number[] = [...RETRY_STATUS_OTLP, 408, 425, 500];

/** Maps everything that a sink may return. `nowMs`: what an HTTP-date is measured from. */
export function outcomeOf(answer: unknown, format: SinkFormat, nowMs: number): Outcome {
  if (answer === undefined || answer === "ok") return { code: OK };
  if (answer === "retry") return { code: RETRY };
  if (answer === "too-large") return { code: TOO_LARGE };
  if (typeof answer !== "object" || answer === null) return { code: FATAL };
  if (isResponse(answer)) return { ...responseOutcome(answer, format, nowMs), status: answer.status };
  if (memberOf(answer, "ok") === true) return { code: OK, value: count(memberOf(answer, "rejected")) };
  const afterMs = memberOf(answer, "retryAfterMs");
  return typeof afterMs === "number" ? retry(afterMs) : { code: FATAL };
}

/** Tests the structure: the Response of another realm or library is one too. */
export function isResponse(answer: unknown): answer is ResponseLike {
  if (typeof answer !== "object" || answer === null) return false;
  const headers = memberOf(answer, "headers") as Partial<ResponseLike["headers"]> | null | undefined;
  return typeof memberOf(answer, "status") === "number" && typeof headers?.get === "function";
}

/** The status table. OTLP has one status for success, and fewer that are worth a retry. */
function responseOutcome(response: ResponseLike, format: SinkFormat, nowMs: number): Outcome {
  const { status } = response;
  const isOtlp = format.startsWith("otlp");
  if (isOtlp ? status === 200 : status >= 200 && status < 300) return { code: OK };
  if (status === 413) return { code: TOO_LARGE };
  if (!(isOtlp ? RETRY_STATUS_OTLP : RETRY_STATUS).includes(status)) return { code: FATAL };
  return retry(retryAfterMs(response.headers.get("retry-after"), nowMs));
}

/** Seconds or an HTTP-date (RFC 9110, 10.2.3) as ms from now; NaN if it is neither. */
export function retryAfterMs(header: string | null, nowMs: number): number {
  if (header === null) return Number.NaN;
  const text = header.trim();
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  // A date starts with the name of its day. `Date.parse` alone would read "-1" as a year.
  return /^[A-Za-z]{3}/.test(text) ? Date.parse(text) - nowMs : Number.NaN;
}

/** No time, and a time in the past, would be an endless loop of sends: the engine's backoff is used. */
function retry(afterMs: number): Outcome {
  return afterMs > 0 ? { code: RETRY, value: Math.min(afterMs, RETRY_AFTER_MAX_MS) } : { code: RETRY };
}

function count(rejected: unknown): number {
  return typeof rejected === "number" && rejected > 0 ? rejected : 0;
}
