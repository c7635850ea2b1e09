/** What must not be guessed. */

/** Bytes of the host's randomness. Throws where the host has none yet: Workers forbid it at global scope. */
export function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(length));
}

/** Compares every byte, whatever the first difference: the time must not tell how much of a guess is right. */
export function isSameText(wanted: string, given: string): boolean {
  const [a, b] = [wanted, given].map((text) => new TextEncoder().encode(text)) as [Uint8Array, Uint8Array];
  let difference = a.length ^ b.length;
  for (let at = 0; at < a.length; at += 1) difference |= (a[at] as number) ^ (b[at] ?? 0);
  return difference === 0;
}

/** Whether the request has `Authorization: Bearer <token>`. Without a token none has. */
export function hasToken(request: Request, token: string | undefined): boolean {
  return !!token && isSameText(`Bearer ${token}`, request.headers.get("authorization") ?? "");
}

/** HMAC-SHA-256 of `text` under `key`, which must not be empty, as hex. */
export async function signatureOf(key: string, text: string): Promise<string> {
  const encode = (of: string) => new TextEncoder().encode(of);
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", encode(key), algorithm, false, ["sign"]);
  const bytes = new Uint8Array(await crypto.subtle.sign("HMAC", imported, encode(text)));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
