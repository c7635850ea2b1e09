/** Checks of single values. Values of any type may come from the user. */

/** Longer texts are cut before they cross: the engine keeps less of them, and a huge one could exhaust its memory. */
const TEXT_MAX = 16_384;

/** A list of attributes whose values are not checked yet. */
export type Entries = readonly (readonly [string, unknown])[];

export function text(value: string): string {
  return value.length > TEXT_MAX ? value.slice(0, TEXT_MAX) : value;
}

/** Undefined, unless `value` is a string. */
export function optionalText(value: unknown): string | undefined {
  return typeof value === "string" ? text(value) : undefined;
}

/** The type of an error: its name, or the given text. Undefined and null: there was no error. */
export function errorType(error: unknown): string | undefined {
  if (error === undefined || error === null) return undefined;
  if (typeof error === "string") return text(error) || "error";
  try {
    const name = (error as { name?: unknown }).name;
    return typeof name === "string" && name !== "" ? text(name) : "Error";
  } catch {
    return "Error";
  }
}

/** Own enumerable properties. They are read all at once, since a getter may run any code. */
export function entriesOf(attributes: unknown): Entries | undefined {
  return typeof attributes === "object" && attributes !== null ? Object.entries(attributes) : undefined;
}
