/** What an attribute holds. */
export type AttributeValue = string | number | boolean;

/**
 * What an attribute may be given: a value, a date (recorded as ISO 8601), an array (as JSON), or a plain object, whose
 * members become attributes `key.member`. Values of other types are left out.
 */
export type AttributeInput = AttributeValue | object | null | undefined;

/**
 * Attributes of one event: at most 64, 4 KiB of keys and values, and 255 bytes a key.
 *
 * What does not fit, or has another type, is cut off or left out, and counted in `Counters.truncated`. It is not read.
 */
export type Attributes = Readonly<Record<string, AttributeInput>>;

/** Options of `requestAttributes`. */
export interface RequestAttributesOptions {
  /**
   * Names of request headers, in any case.
   *
   * @default []
   */
  readonly headers?: readonly string[];
  /**
   * Fields of `request.cf`, on Cloudflare: `"colo"`, `"country"`, `"asn"`.
   *
   * @default []
   */
  readonly cf?: readonly string[];
}
