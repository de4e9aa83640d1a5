import { setTimeout as sleep } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";

/** Together half a minute: KubePrism looks every 20 s which API servers live. */
const MAX_RETRIES = 10;
const RETRY_DELAY_MS = 3_000;

/** How a request ends whose API server, or the balancer before it, goes away: none of these is about its content. */
const LOST_CONNECTION =
  /\bEOF\b|connection (reset|refused|timed out)|connection lost|broken pipe|GOAWAY|TLS handshake timeout|i\/o timeout|no route to host/;

/** The provider's words when Helm has recorded the release as failed: only the next update can upgrade it then. */
const RECORDED_AS_FAILED = /failed to initialize completely/;

/**
 * Options that retry an operation whose request was cut off, as when one of several API servers dies. The Kubernetes
 * client retries only reads; the operations here are server-side applies or Helm's, which are safe to repeat.
 *
 * @param name name of the hook, unique in the program.
 */
export function retryOnLostConnection(name: string): Pick<pulumi.ResourceOptions, "hooks"> {
  const hook = new pulumi.ErrorHook(name, async ({ errors }) => {
    if (!isLostConnection(errors)) return false;
    await sleep(RETRY_DELAY_MS);
    return true;
  });
  return { hooks: { onError: [hook] } };
}

/** @param errors messages of an operation's failures so far, the newest first. */
export function isLostConnection(errors: readonly string[]): boolean {
  const [newest = ""] = errors;
  return (
    errors.length <= MAX_RETRIES && LOST_CONNECTION.test(newest) && !RECORDED_AS_FAILED.test(newest)
  );
}
