/** Why a send threw, as far as its host says. */
import { describeThrown } from "../runtime/error-type.ts";
import { TidegateError } from "../types/error.ts";
import type { FailureCause } from "../types/notices.ts";

/**
 * Node and Bun have a code, in the error or in its cause; Deno has a text in the cause. Workers and browsers say only that
 * it was the network.
 */
const SIGNS: readonly (readonly [FailureCause, RegExp])[] = [
  ["dns", /ENOTFOUND|EAI_|dns error/],
  ["refused", /ECONNREFUSED|Connection refused/],
  ["reset", /ECONNRESET|EPIPE|UND_ERR_SOCKET|reset by peer|closed before/],
  ["timeout", /TIMEDOUT|TIMEOUT|TimeoutError|timed out|sink\/deadline/],
  ["tls", /CERT|SSL|TLS|EPROTO|UNABLE_TO|HOSTNAME_MISMATCH|certificate|corrupt message|fatal alert/],
  ["abort", /ABORT_ERR|ABORTED|AbortError/],
  [
    "network",
    /UND_ERR|EHOST|ENET|sink\/network|fetch failed|Failed to fetch|NetworkError|Load failed|Network conn/,
  ],
];

/** An error, its cause, and the cause of that. */
const DEPTH = 3;

/** What a send threw. `detail` may be shown: it holds no text of a foreign error. */
export function causeOf(thrown: unknown): { readonly cause: FailureCause; readonly detail: string } {
  return { cause: signOf(thrown), detail: describeThrown(isNetwork(thrown) ? thrown.cause : thrown) };
}

function signOf(thrown: unknown): FailureCause {
  try {
    // The host of an address could look like a sign.
    const text = textOf(thrown, DEPTH).replace(/https?:\S+/g, "");
    return SIGNS.find(([, sign]) => sign.test(text))?.[0] ?? "threw";
  } catch {
    return "threw";
  }
}

/** Of our own errors the code alone counts: their text may name an option of the user's. */
function textOf(thrown: unknown, depth: number): string {
  if (depth === 0 || typeof thrown !== "object" || thrown === null) return "";
  const { name, code, message, cause } = thrown as Readonly<Record<string, unknown>>;
  const own = thrown instanceof TidegateError ? code : [name, code, message].join(" ");
  return `${own} ${textOf(cause, depth - 1)}`;
}

/** What `fetch` threw, as `sinks/_http` passes it on. */
function isNetwork(thrown: unknown): thrown is TidegateError {
  return thrown instanceof TidegateError && thrown.code === "sink/network";
}
