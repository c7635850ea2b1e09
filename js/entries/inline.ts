/** Everywhere else: the bytes are text in the bundle, so nothing has to be found, fetched or permitted. */
import base64 from "tidegate:engine";
import { setModule } from "../wasm/instance.ts";

setModule(() => new WebAssembly.Module(decoded(base64)));

/** The part of newer hosts' `Uint8Array` that is used. */
interface Decoder {
  fromBase64?(text: string): Uint8Array<ArrayBuffer>;
}

/** Where the host has no decoder, by a loop: `Uint8Array.from` takes many times as long as it takes to compile. */
function decoded(text: string): Uint8Array<ArrayBuffer> {
  const host = Uint8Array as Decoder;
  if (host.fromBase64 !== undefined) return host.fromBase64(text);
  const chars = atob(text);
  const bytes = new Uint8Array(chars.length);
  for (let at = 0; at < chars.length; at += 1) bytes[at] = chars.charCodeAt(at);
  return bytes;
}
