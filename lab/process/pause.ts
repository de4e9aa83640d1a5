import { setTimeout as sleep } from "node:timers/promises";

/** Waits until the time is over or the signal is aborted, whichever comes first. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch((error) => {
    if (!signal.aborted) throw error;
  });
}
