/** What our own sinks tell the run loop, and no public type has. */
export interface SinkInternals {
  /**
   * The platform limits what one invocation may send to this sink. On Workers, a request that has sent to it
   * therefore stops leading.
   */
  readonly oncePerInvocation?: boolean;
  /** Where batches are posted, in the environment `env`. */
  addressOf?(env: unknown): string;
}
