/** The part of newer hosts' `Uint8Array` that is used. */
interface Decoder {
  fromBase64?(text: string): Uint8Array<ArrayBuffer>;
}

export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  const host = Uint8Array as Decoder;
  if (host.fromBase64 !== undefined) return host.fromBase64(text);
  const chars = atob(text);
  const bytes = new Uint8Array(chars.length);
  // A loop, since `Uint8Array.from` takes many times as long as compiling the module.
  for (let at = 0; at < chars.length; at += 1) bytes[at] = chars.charCodeAt(at);
  return bytes;
}
