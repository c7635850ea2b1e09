/**
 * The engine's answer to an event, one number:
 *
 * | bits | meaning |
 * |---|---|
 * | 0 | all route ids are void |
 * | 1 | a batch is due now |
 * | 2 | something waits for a tick |
 * | 3 … 15 | how many requests may be buffered before the next call |
 * | 16 … 31 | of `recordRequest` only: the id of its method plus 1, or 0 |
 *
 * Written by src/wasm/convert.rs.
 */
const IDS_RESET = 1;
const DUE = 2;
const WAITING = 4;
const LIMIT_SHIFT = 3;
const METHOD_SHIFT = 16;

/** What stands for an answer after a request was buffered: it waits for a tick. */
export const BUFFERED: number = WAITING;

export function areIdsReset(flags: number): boolean {
  return (flags & IDS_RESET) !== 0;
}

export function isDue(flags: number): boolean {
  return (flags & DUE) !== 0;
}

/** Something is due now, or waits for a tick. */
export function isPending(flags: number): boolean {
  return (flags & (DUE | WAITING)) !== 0;
}

export function bufferLimit(flags: number): number {
  return (flags & (2 ** METHOD_SHIFT - 1)) >> LIMIT_SHIFT;
}

/** Undefined: the engine gave none. */
export function methodIdOf(flags: number): number | undefined {
  const id = flags >>> METHOD_SHIFT;
  return id === 0 ? undefined : id - 1;
}
