/** Finds the request, the environment and the context in what hosts and frameworks pass to a handler. */
import type { FlushContext } from "../runtime/bridge.ts";
import { envOf } from "../runtime/host-kind.ts";
import { asContext, type WaitUntil } from "../runtime/wait-until.ts";
import type { RequestLike } from "./_request.ts";

type Bag = Readonly<Record<string, unknown>> | null | undefined;

/** The request: the argument itself, or that of an event (Pages, SvelteKit, Astro, h3, Lambda). */
export function requestIn(first: unknown): RequestLike | undefined {
  if (isRequest(first)) return first;
  const event = propertyOf(first, "event");
  const candidates = [
    ...[first, event].flatMap((of) => [
      propertyOf(of, "request"),
      propertyOf(of, "req"),
      at(of, "node", "req"),
    ]),
  ];
  return candidates.find(isRequest) ?? lambdaRequest(first);
}

/** An event of AWS Lambda, of either version of its format, says what request it stands for. */
function lambdaRequest(event: unknown): RequestLike | undefined {
  const http = propertyOf(propertyOf(event, "requestContext"), "http");
  const method = propertyOf(event, "httpMethod") ?? propertyOf(http, "method");
  const url = propertyOf(event, "rawPath") ?? propertyOf(event, "path");
  const request = { url, method, headers: propertyOf(event, "headers") ?? {} };
  return isRequest(request) ? request : undefined;
}

/**
 * The environment of a Worker: the second argument, or that of an event. Nitro and srvx have it on the request, h3 in its
 * context, beside second arguments of their own.
 */
export function envIn(first: unknown, second: unknown): unknown {
  const found =
    at(first, "runtime", "cloudflare", "env") ??
    at(first, "req", "runtime", "cloudflare", "env") ??
    at(first, "context", "cloudflare", "env") ??
    (isRequest(first) ? second : (propertyOf(first, "env") ?? at(first, "platform", "env") ?? second));
  return envOf(found);
}

/** Where flushing may go on. Undefined: the arguments have no such place. */
export function contextIn(
  waitUntil: ((work: Promise<unknown>) => void) | undefined,
  given: readonly unknown[],
): FlushContext | undefined {
  if (typeof waitUntil === "function") return { waitUntil: (work) => waitUntil(work) };
  const [first, ...rest] = given;
  for (const argument of [...rest, first]) {
    const found = contextOf(argument) ?? contextOf(propertyOf(argument, "event"));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** h3 has the context of Workers as `context.cloudflare.context`, SvelteKit as `platform.context` or `platform.ctx`. */
function contextOf(of: unknown): WaitUntil | undefined {
  return (
    asContext(of) ??
    asContext(propertyOf(of, "context")) ??
    asContext(at(of, "context", "cloudflare", "context")) ??
    asContext(propertyOf(of, "ctx")) ??
    asContext(at(of, "platform", "context")) ??
    asContext(at(of, "platform", "ctx"))
  );
}

function isRequest(value: unknown): value is RequestLike {
  return typeof propertyOf(value, "url") === "string" && typeof propertyOf(value, "method") === "string";
}

/** Frameworks have getters that throw. */
function propertyOf(of: unknown, name: string): unknown {
  try {
    return typeof of === "object" ? (of as Bag)?.[name] : undefined;
  } catch {
    return undefined;
  }
}

function at(of: unknown, ...names: string[]): unknown {
  let found = of;
  for (const name of names) found = found === undefined ? undefined : propertyOf(found, name);
  return found;
}
