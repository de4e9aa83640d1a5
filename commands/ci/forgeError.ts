/** A request that a forge refuses, or does not answer. It never has the token in it. */
export class ForgeError extends Error {
  constructor(
    message: string,
    /** HTTP status; undefined where there was no answer. */
    public readonly status: number | undefined,
    /** Whether the same request may pass later: a rate limit, a fault of the server, no answer. */
    public readonly isTransient: boolean,
    /** Seconds after which the forge wants to be asked again; 0 where it does not say. */
    public readonly retryAfter: number = 0,
  ) {
    super(message);
  }
}
