/** The events of an NDJSON batch as lines; the counters at its end are not an event. */
export function eventLines(bytes: Uint8Array): string[] {
  const lines = new TextDecoder().decode(bytes).split("\n");
  return lines.filter((line) => line !== "" && !line.startsWith('{"kind":"META"'));
}
