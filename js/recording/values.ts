/** Checks of single values. Values of any type may come from the user. */

/** Longer texts are cut before they cross: the engine keeps less of them, and a huge one could exhaust its memory. */
const TEXT_MAX = 16_384;

/** A list of attributes whose values are not checked yet. */
export type Entries = readonly (readonly [string, unknown])[];

export function text(value: string): string {
  return cut(value, TEXT_MAX);
}

/** Undefined, unless `value` is a string. */
export function optionalText(value: unknown): string | undefined {
  return typeof value === "string" ? text(value) : undefined;
}

/** The most attributes of one event. */
export const ATTRIBUTES_MAX = 64;
/** The engine keeps 4 KiB of an event's attributes, and 255 bytes of a key. */
const BYTES_MAX = 4096;
const KEY_MAX = 256;
/** What each attribute takes beside its key and its text, about. */
const OVERHEAD = 8;

/** Attributes within the limits, and how many were left out. */
export interface Bounded {
  readonly attributes: Entries;
  readonly truncated: number;
}

const NONE: Bounded = { attributes: [], truncated: 0 };
/** A value that is no object of attributes counts as one attribute that was left out. */
const UNUSABLE: Bounded = { attributes: [], truncated: 1 };

/**
 * Own enumerable properties, read until a limit is reached. All are read before the engine is called, since a getter
 * may run any code.
 */
export function boundedEntries(given: unknown): Bounded {
  if (given === undefined || given === null) return NONE;
  try {
    if (typeof given !== "object" || isList(given)) return UNUSABLE;
    return bounded(Object.keys(given), (key) => (given as Record<string, unknown>)[key]);
  } catch {
    return UNUSABLE;
  }
}

/** Reads the values of `keys` until a limit is reached. */
export function bounded(keys: readonly string[], read: (key: string) => unknown): Bounded {
  const attributes: [string, unknown][] = [];
  let bytes = 0;
  let seen = 0;
  let truncated = 0;
  while (seen < Math.min(keys.length, ATTRIBUTES_MAX) && bytes < BYTES_MAX) {
    const key = keys[seen] as string;
    seen += 1;
    const value = usable(read, key);
    if (value === null) truncated += 1;
    if (value === undefined || value === null) continue;
    attributes.push([attributeKey(key), value]);
    bytes += OVERHEAD + key.length + (typeof value === "string" ? value.length : 0);
  }
  return { attributes, truncated: truncated + keys.length - seen };
}

/** The value as an attribute may have it, a text cut to what the engine keeps. Null: it is unusable. */
export function attributeValue(value: unknown): string | number | boolean | null | undefined {
  if (typeof value === "string") return cut(value, BYTES_MAX);
  return typeof value === "number" || typeof value === "boolean" || value === undefined ? value : null;
}

/** A key as the engine keeps it. */
export function attributeKey(key: string): string {
  return cut(key, KEY_MAX);
}

function usable(read: (key: string) => unknown, key: string): string | number | boolean | null | undefined {
  try {
    return attributeValue(read(key));
  } catch {
    return null;
  }
}

function cut(value: string, length: number): string {
  return value.length > length ? value.slice(0, length) : value;
}

/** Arrays, buffers and the like: each of their elements would be an attribute. */
function isList(given: object): boolean {
  if (ArrayBuffer.isView(given) || given instanceof ArrayBuffer || given instanceof String) return true;
  const { length } = given as { readonly length?: unknown };
  return Array.isArray(given) || (typeof length === "number" && Object.hasOwn(given, "0"));
}
