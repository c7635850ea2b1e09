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
/** The engine keeps 255 bytes of a key. */
export const KEY_MAX = 256;

/** Attributes within the limits, and how many were cut or left out. */
export interface Bounded {
  readonly attributes: Entries;
  readonly truncated: number;
}

/** A key as the engine keeps it. */
export function attributeKey(key: string): string {
  return cut(key, KEY_MAX);
}

export function cut(value: string, length: number): string {
  return value.length > length ? value.slice(0, length) : value;
}

/** The longest part of `value` that takes at most `max` bytes and ends between two characters. */
export function cutBytes(value: string, max: number): string {
  if (value.length * 3 <= max) return value;
  const { read } = new TextEncoder().encodeInto(cut(value, max), new Uint8Array(max));
  return value.slice(0, read);
}
