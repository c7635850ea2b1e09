/** The ISO 8601 text of a date; undefined: `value` is none. Throws for an invalid date. No method of the user's runs. */
export function isoDate(value: unknown): string | undefined {
  return value instanceof Date ? Date.prototype.toISOString.call(value) : undefined;
}
