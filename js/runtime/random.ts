/** Bytes of the host's randomness. Throws where the host has none yet: Workers forbid it at global scope. */
export function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(length));
}
