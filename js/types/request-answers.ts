/** What the engine answered to requests that were recorded together: a copy of their rows in the RequestBuffer. */
export interface RequestAnswers {
  /** Undefined: they are not recorded yet, or were lost with their engine. */
  rows: Uint32Array | undefined;
}

/** A request that an answer is kept for. */
export interface Answered {
  answers: RequestAnswers | undefined;
  /** Its row in the answers. */
  row: number;
}
