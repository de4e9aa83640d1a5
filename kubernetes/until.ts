import { setTimeout as sleep } from "node:timers/promises";

/** How long to look, and how often. */
export interface UntilOptions {
  /** Time limit in seconds. A look that has begun is finished, so with 0 there is exactly one. */
  readonly seconds: number;
  /** Milliseconds between two looks. */
  readonly interval: number;
  /** When it is aborted, no other look is taken, and its reason is thrown. */
  readonly signal?: AbortSignal;
}

/**
 * Looks until a result is the wanted one, or the time is over.
 *
 * p-wait-for 6 is not used: it adds a listener to one AbortSignal per look, so that Node.js warns of a leak after ten.
 * @returns the last result, wanted or not.
 */
export async function until<T>(
  look: () => Promise<T>,
  isWanted: (result: T) => boolean,
  { seconds, interval, signal }: UntilOptions,
): Promise<T> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    signal?.throwIfAborted();
    const result = await look();
    if (isWanted(result) || performance.now() >= deadline) return result;
    await sleep(interval);
  }
}
