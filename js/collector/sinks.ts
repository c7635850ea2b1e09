import { TidegateError } from "../types/error.ts";
import type { Sink } from "../types/sink.ts";
import { isKind, type Shape } from "./check.ts";

const SINK: Shape = {
  name: ["string"],
  format: ["string"],
  send: ["function"],
  batchMax: ["number"],
  maxBytes: ["number"],
  keepsBytes: ["boolean"],
};
const REQUIRED = ["name", "format", "send"];
/** The engine holds limits in 32 bits: a larger number, or a broken one, would wrap into another. */
const LIMIT_MAX = 0xffff_ffff;

/** Flattens and checks the option `sinks`. Throws TidegateError `config/sink`, which names the sink and the property. */
export function parseSinks(given: readonly unknown[]): readonly Sink[] {
  const sinks: Sink[] = [];
  given.forEach((entry, at) => {
    const path = `sinks[${at}]`;
    if (!Array.isArray(entry)) sinks.push(parseSink(entry, path));
    else sinks.push(...entry.map((sink, inner) => parseSink(sink, `${path}[${inner}]`)));
  });
  return sinks;
}

/** A sink may have more properties than these. */
function parseSink(entry: unknown, path: string): Sink {
  if (!isKind(entry, ["object"])) throw new TidegateError("config/sink", `${path} is not a sink`);
  const sink = entry as Sink;
  for (const [name, kinds] of Object.entries(SINK)) {
    const value = sink[name as keyof Sink];
    if ((value === undefined && !REQUIRED.includes(name)) || isKind(value, kinds)) continue;
    throw new TidegateError("config/sink", `${path}.${name} must be a ${kinds.join(" or ")}`);
  }
  for (const name of ["batchMax", "maxBytes"] as const) {
    const value = sink[name];
    if (value === undefined || (Number.isInteger(value) && value > 0 && value <= LIMIT_MAX)) continue;
    throw new TidegateError(
      "config/sink",
      `${path}.${name} is ${value}; it must be a whole number of at least 1`,
    );
  }
  return sink;
}
