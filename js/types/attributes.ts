/** What an attribute may hold. Values of other types are left out. */
export type AttributeValue = string | number | boolean;

/**
 * Attributes of one event: at most 4 KiB of keys and values.
 *
 * What does not fit is cut off or left out, and counted in `Counters.truncated`.
 */
export type Attributes = Readonly<Record<string, AttributeValue>>;
