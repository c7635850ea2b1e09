/** What an OTLP receiver says beside 200: `ExportXServiceResponse.partial_success`, the same for all three signals. */

/** How much of a batch was refused, and why. */
export interface PartialSuccess {
  readonly rejected: number;
  readonly message: string;
}

const NOTHING: PartialSuccess = { rejected: 0, message: "" };

/** Text for people: a receiver may send more, notices carry this much. */
const MESSAGE_MAX = 500;

/** Reads a reply by its content type; what cannot be read says nothing. Never throws. */
export function partialSuccess(bytes: Uint8Array, contentType: string | null): PartialSuccess {
  try {
    const type = contentType ?? "";
    if (/json/i.test(type)) return ofJson(JSON.parse(new TextDecoder().decode(bytes)));
    return /protobuf/i.test(type) ? ofProtobuf(bytes) : NOTHING;
  } catch {
    return NOTHING;
  }
}

/** 64-bit numbers are strings in JSON, and a reader takes both spellings of a name (protobuf's JSON mapping). */
function ofJson(reply: unknown): PartialSuccess {
  const partial = member(reply, "partialSuccess", "partial_success");
  const counts = ["rejectedSpans", "rejectedDataPoints", "rejectedLogRecords"].map((name) =>
    Number(
      member(
        partial,
        name,
        name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      ) ?? 0,
    ),
  );
  const message = member(partial, "errorMessage", "error_message");
  const rejected = counts.find((count) => count > 0) ?? 0;
  return { rejected, message: typeof message === "string" ? message.slice(0, MESSAGE_MAX) : "" };
}

function member(of: unknown, ...names: string[]): unknown {
  if (typeof of !== "object" || of === null) return undefined;
  return names.map((name) => (of as Record<string, unknown>)[name]).find((value) => value !== undefined);
}

/** Field 1 of the reply is a message; in it field 1 is the count, field 2 the text. */
function ofProtobuf(bytes: Uint8Array): PartialSuccess {
  let result = NOTHING;
  for (const { field, bytes: partial } of fields(bytes)) {
    if (field !== 1 || partial === undefined) continue;
    for (const inner of fields(partial)) {
      if (inner.field === 1 && inner.number !== undefined) result = { ...result, rejected: inner.number };
      if (inner.field === 2 && inner.bytes !== undefined) {
        result = { ...result, message: new TextDecoder().decode(inner.bytes).slice(0, MESSAGE_MAX) };
      }
    }
  }
  return result;
}

interface Field {
  readonly field: number;
  readonly number?: number;
  readonly bytes?: Uint8Array;
}

/** https://protobuf.dev/programming-guides/encoding: varint, 8 bytes, length-delimited, 4 bytes. */
function* fields(bytes: Uint8Array): Generator<Field> {
  let at = 0;
  const take = (length: number) => {
    if (!(at + length <= bytes.length)) throw new RangeError("cut off");
    at += length;
    return bytes.subarray(at - length, at);
  };
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const [byte = 0] = take(1);
      value |= BigInt(byte & 0x7f) << shift;
      // An int64: a negative count is nonsense, and becomes 0 where it is used.
      if (byte < 0x80) return Number(BigInt.asIntN(64, value));
    }
    throw new RangeError("no varint");
  };
  while (at < bytes.length) {
    const tag = varint();
    const [field, wire] = [Math.floor(tag / 8), tag & 7];
    if (wire === 0) yield { field, number: varint() };
    else if (wire === 1) take(8);
    else if (wire === 2) yield { field, bytes: take(varint()) };
    else if (wire === 5) take(4);
    else throw new RangeError(`wire type ${wire}`);
  }
}
