/** Values of the user as the engine takes them. NaN stands for an unknown number. */
import { TidegateError } from "../types/error.ts";

/** Makes the engine refuse the event. */
const UNUSABLE = -1;

/** Unknown, unless `value` is a number. */
export function numeric(value: unknown): number {
  return typeof value === "number" ? value : Number.NaN;
}

/** A duration or a number of rows. Undefined and null are unknown. What is no amount is unusable. */
export function amountOf(value: unknown): number {
  if (value === undefined || value === null) return Number.NaN;
  return typeof value === "number" && value >= 0 ? value : UNUSABLE;
}

/**
 * Checks a seed here, since a bigint out of range wraps silently when it crosses into wasm.
 *
 * Throws TidegateError `config/seed`, which names the option.
 */
export function seedOf(seed: unknown, option: string): bigint {
  const fits =
    typeof seed === "bigint"
      ? seed >= 0n && seed < 1n << 64n
      : typeof seed === "number" && seed >= 0 && Number.isSafeInteger(seed);
  if (fits) return BigInt(seed as number | bigint);
  throw new TidegateError(
    "config/seed",
    `${option} is ${shown(seed)}; it must be an integer from 0 to 2^53-1 or an unsigned 64-bit bigint`,
  );
}

/** A value in a message. Only the type of a value that may be secret, or run code when it is shown. */
export function shown(value: unknown): string {
  const isPlain = typeof value === "number" || typeof value === "bigint" || value === null;
  return isPlain ? String(value) : typeof value;
}

/** What to write instead of a RegExp: a rule as text. Undefined: `value` is none. */
export function regexHint(value: unknown): string | undefined {
  try {
    if (!(value instanceof RegExp)) return undefined;
    return `is a RegExp: write "re:${value.ignoreCase ? "(?i)" : ""}${value.source.replaceAll("\\/", "/")}"`;
  } catch {
    return undefined;
  }
}
