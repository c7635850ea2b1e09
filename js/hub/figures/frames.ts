/**
 * Several byte strings as one: each but the last has its length before it.
 *
 * | bytes | what |
 * |---|---|
 * | 4 | length of the first part, u32, little-endian |
 * | … | the first part |
 * | … | further parts, as the first; the last without its length |
 */
import { TidegateError } from "../../types/error.ts";

const LENGTH_BYTES = 4;

export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const framed = parts.flatMap((part, index) => (index < parts.length - 1 ? [lengthOf(part), part] : [part]));
  return concatenated(framed);
}

function lengthOf({ length }: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(LENGTH_BYTES);
  new DataView(bytes.buffer).setUint32(0, length, true);
  return bytes;
}

/** The first `count` parts, and what follows them. Throws TidegateError `hub/bytes` if there are fewer. */
export function split(bytes: Uint8Array, count: number): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Uint8Array[] = [];
  let at = 0;
  while (parts.length < count) {
    const start = at + LENGTH_BYTES;
    const end = start <= bytes.length ? start + view.getUint32(at, true) : Number.POSITIVE_INFINITY;
    if (end > bytes.length) throw new TidegateError("hub/bytes", "the bytes end too early");
    parts.push(bytes.subarray(start, end));
    at = end;
  }
  parts.push(bytes.subarray(at));
  return parts;
}

export function concatenated(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

export function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new TidegateError("hub/bytes", "a part is no JSON", cause);
  }
}

export function jsonBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
