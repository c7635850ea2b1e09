/** The option `redact`. */
import { unawaited } from "../runtime/thenable.ts";
import type { AttributeValue } from "../types/attributes.ts";
import { scalarOf } from "./attributes.ts";
import type { RecordingHost } from "./recording-host.ts";
import type { Entries } from "./values.ts";

/** A value as `redact` leaves it. Undefined: it is to be left out. Null: `redact` threw, or gave no value. */
export function redacted(
  { redact }: Pick<RecordingHost, "redact">,
  key: string,
  value: AttributeValue,
): AttributeValue | undefined | null {
  if (redact === undefined) return value;
  try {
    const given: unknown = unawaited(redact(key, value));
    return given === undefined ? undefined : (scalarOf(given) ?? null);
  } catch {
    return null;
  }
}

/** Attributes as `redact` leaves them, and how many are left out because it failed. */
export function redactEntries(host: RecordingHost, entries: Entries): [Entries, failed: number] {
  if (host.redact === undefined) return [entries, 0];
  const all = entries.map(([key, value]) => [key, redacted(host, key, value as AttributeValue)] as const);
  const kept = all.filter(([, value]) => value !== undefined && value !== null);
  return [kept, all.filter(([, value]) => value === null).length];
}
