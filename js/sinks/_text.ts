/** `text` cut to at most `maxBytes` of UTF-8, between characters. */
export function cut(text: string, maxBytes: number): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(maxBytes));
  return text.slice(0, read);
}
