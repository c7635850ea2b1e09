/** What an attribute may hold. Values of other types are left out. */
export type AttributeValue = string | number | boolean;

/**
 * Attributes of one event: at most 64, and 4 KiB of keys and values.
 *
 * What does not fit, or has another type, is cut off or left out, and counted in `Counters.truncated`. It is not read.
 */
export type Attributes = Readonly<Record<string, AttributeValue>>;
