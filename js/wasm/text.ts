/** Texts as UTF-8 in wasm memory. */
export const encoder: TextEncoder = new TextEncoder();
/** From here on the host's encoder is faster than a loop. */
const SHORT = 64;

/** Writes `text` at `start`, where there is room for three bytes a character. Returns its end. */
export function writeText(text: string, bytes: Uint8Array, start: number): number {
  // Most texts are short and plain, and a loop writes those faster than the host's encoder.
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code > 127 || at === SHORT) {
      const rest = encoder.encodeInto(text.slice(at), bytes.subarray(start + at));
      return start + at + rest.written;
    }
    bytes[start + at] = code;
  }
  return start + text.length;
}
