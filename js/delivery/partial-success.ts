/** What an OTLP receiver sends with 200: `ExportXServiceResponse.partial_success`, the same for all three signals. */

/** How many events of a batch were rejected. The text of the receiver may repeat what it was sent, and is not kept. */
export interface PartialSuccess {
  readonly rejected: number;
  readonly hasMessage: boolean;
}

const NOTHING: PartialSuccess = { rejected: 0, hasMessage: false };

/** Reads a reply by its content type. A reply that cannot be read counts as empty. Never throws. */
export function partialSuccess(bytes: Uint8Array, contentType: string | null): PartialSuccess {
  try {
    const type = contentType ?? "";
    if (/json/i.test(type)) return ofJson(JSON.parse(new TextDecoder().decode(bytes)));
    return /protobuf/i.test(type) ? ofProtobuf(bytes) : NOTHING;
  } catch {
    return NOTHING;
  }
}

/** Protobuf's JSON mapping: 64-bit numbers are strings, and a reader must accept both spellings of a name. */
function ofJson(reply: unknown): PartialSuccess {
  const { partialSuccess, partial_success = partialSuccess } = reply as Record<string, object | undefined>;
  let result = NOTHING;
  // The count is called rejectedSpans, rejectedDataPoints or rejectedLogRecords.
  for (const [name, value] of Object.entries(partial_success ?? {})) {
    if (/^rejected/.test(name) && Number(value) > 0) result = { ...result, rejected: Number(value) };
    if (/^error_?message$/i.test(name)) result = { ...result, hasMessage: value !== "" };
  }
  return result;
}

/** Field 1 of the reply is a message. In that message field 1 is the count and field 2 the text. */
function ofProtobuf(bytes: Uint8Array): PartialSuccess {
  let result = NOTHING;
  for (const { field, bytes: partial } of fields(bytes)) {
    if (field !== 1 || partial === undefined) continue;
    for (const { field, number, bytes } of fields(partial)) {
      if (field === 1 && number !== undefined) result = { ...result, rejected: number };
      if (field === 2 && bytes !== undefined) result = { ...result, hasMessage: bytes.length > 0 };
    }
  }
  return result;
}

interface Field {
  readonly field: number;
  readonly number?: number;
  readonly bytes?: Uint8Array;
}

/** Wire types 0, 1, 2 and 5: varint, 8 bytes, length-delimited, 4 bytes. https://protobuf.dev/programming-guides/encoding */
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
      // An int64. A negative count is invalid; the caller takes it for 0.
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
