import { memberOf } from "../runtime/members.ts";
import { TidegateError } from "../types/error.ts";
import type { Sink } from "../types/sink.ts";
import type { SinkInternals } from "../types/sink-internals.ts";
import { isKind, listOf, reading, type Shape } from "./check.ts";

type KnownSink = Sink & SinkInternals;
type Send = (...args: unknown[]) => unknown;

const SINK: Shape = {
  name: ["string"],
  format: ["string"],
  send: ["function"],
  batchMax: ["number"],
  maxBytes: ["number"],
  intervalMs: ["number"],
  temporality: ["string"],
  keepsBytes: ["boolean"],
  oncePerInvocation: ["boolean"],
  addressOf: ["function"],
};
const REQUIRED = ["name", "format", "send"];
/** The engine holds limits in 32 bits: a larger number, or a broken one, would wrap into another. */
const LIMIT_MAX = 0xffff_ffff;

/** Flattens, checks and copies the option `sinks`. Throws TidegateError `config/sink`, which names the sink and the property. */
export function parseSinks(given: readonly unknown[]): readonly KnownSink[] {
  return given.flatMap((entry, at) => {
    const path = `sinks[${at}]`;
    if (!isKind(entry, ["array"])) return [parseSink(entry, path)];
    return listOf(entry, path).map((sink, inner) => parseSink(sink, `${path}[${inner}]`));
  });
}

/** A sink may have more properties than these, and may inherit them from a class. Each is read once. */
function parseSink(given: unknown, path: string): KnownSink {
  if (!isKind(given, ["object"])) throw new TidegateError("config/sink", `${path} is not a sink`);
  const sink: Record<string, unknown> = Object.create(null);
  for (const [name, kinds] of Object.entries(SINK)) {
    const value = reading(`${path}.${name}`, () => memberOf(given, name));
    if ((value !== undefined || REQUIRED.includes(name)) && !isKind(value, kinds)) {
      throw new TidegateError("config/sink", `${path}.${name} must be a ${kinds.join(" or ")}`);
    }
    sink[name] = value;
  }
  for (const name of ["batchMax", "maxBytes"] as const) checkLimit(`${path}.${name}`, sink[name]);
  if (!["delta", "cumulative"].includes((sink["temporality"] ?? "delta") as string)) {
    throw new TidegateError("config/sink", `${path}.temporality must be "delta" or "cumulative"`);
  }
  const { send } = sink;
  return Object.assign(sink, {
    send: (...args: unknown[]) => Reflect.apply(send as Send, given, args),
  }) as unknown as KnownSink;
}

function checkLimit(path: string, value: unknown): void {
  if (
    value === undefined ||
    (Number.isInteger(value) && (value as number) > 0 && (value as number) <= LIMIT_MAX)
  )
    return;
  throw new TidegateError("config/sink", `${path} is ${value}; it must be a whole number of at least 1`);
}
