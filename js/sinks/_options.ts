/** Options that several sinks share. */
import { TidegateError } from "../types/error.ts";
import type { Sink } from "../types/sink.ts";

/**
 * Own properties of a sink's options, read once. It inherits nothing: anything may have been added to `Object.prototype`.
 *
 * Throws TidegateError `config/unknown-option` for an option that is not one of `names`.
 */
export function copyOf<T extends object>(sink: string, options: T | undefined, names: readonly string[]): T {
  let copy: T;
  try {
    copy = Object.assign(Object.create(null), options);
  } catch (cause) {
    throw new TidegateError("config/sink", `${sink}: its options cannot be read`, cause);
  }
  for (const name of Object.keys(copy)) {
    if (!names.includes(name)) throw badOption(sink, name, "is not an option", "config/unknown-option");
  }
  return copy;
}

type Limits = Pick<Sink, "batchMax" | "maxBytes" | "intervalMs">;

/** The error for an option that the sink `sink` cannot use. */
export function badOption(
  sink: string,
  option: string,
  message: string,
  code = "config/sink",
): TidegateError {
  return new TidegateError(code, `${sink}: ${option} ${message}`);
}

/** Throws TidegateError `config/sink` unless `value` is absent or of one of `types`. */
export function checkType(sink: string, option: string, value: unknown, types: readonly string[]): void {
  if (value === undefined || (value !== null && types.includes(typeof value))) return;
  throw badOption(sink, option, `must be of type ${types.join(" or ")}`);
}

/** The limits as properties of a sink. A limit that was not given is undefined there. */
export function limits({ batchMax, maxBytes, intervalMs }: Limits): Limits {
  return { batchMax, maxBytes, intervalMs } as Limits;
}
