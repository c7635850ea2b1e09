/** Reads the body of a push, and no more of it than a push has. */
import { concatenated } from "../figures/frames.ts";
import { PUSH_MAX_BYTES } from "../figures/push.ts";

/** Its bytes, unpacked if they are gzip. Undefined: there are too many. Throws if they are damaged. */
export async function bodyOf({ body, headers }: Request): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const isPacked = headers.get("content-encoding") === "gzip";
  // A host that unpacks has no such header left.
  const stream = isPacked ? body?.pipeThrough(new DecompressionStream("gzip")) : body;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (const reader = stream?.getReader(); reader !== undefined; ) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > PUSH_MAX_BYTES) {
      await reader.cancel();
      return undefined;
    }
    chunks.push(value);
  }
  return concatenated(chunks);
}
