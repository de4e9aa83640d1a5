import { setTimeout as sleep } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";

/** How often an operation is done again, and the milliseconds before each time: KubePrism looks every 20 s which API servers live. */
const REPEATS = 10;
const PAUSE = 3_000;

/** How a request ends whose API server, or the balancer before it, goes away: nothing was said of its contents. */
const LOST =
  /\bEOF\b|connection (reset|refused|timed out)|connection lost|broken pipe|GOAWAY|TLS handshake timeout|i\/o timeout|no route to host/;

/** What the provider says when Helm has noted the release as failed: it is to be upgraded then, by the next update. */
const RECORDED = /failed to initialize completely/;

/**
 * Options that have an operation done again when its request was cut off, as when one of several API servers dies. The
 * Kubernetes client repeats only what reads; the operations here are server-side applies or Helm's, safe to repeat.
 *
 * @param name Name of the hook, unique in the program.
 */
export function repeatedOnLostConnection(name: string): Pick<pulumi.ResourceOptions, "hooks"> {
  const hook = new pulumi.ErrorHook(name, async ({ errors }) => {
    if (!isLostConnection(errors)) return false;
    await sleep(PAUSE);
    return true;
  });
  return { hooks: { onError: [hook] } };
}

/** Whether an operation that failed with these messages, the newest first, is to be done again. */
export function isLostConnection(errors: readonly string[]): boolean {
  const [newest = ""] = errors;
  return errors.length <= REPEATS && LOST.test(newest) && !RECORDED.test(newest);
}
