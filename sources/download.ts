import pRetry, { AbortError } from "p-retry";
import { Agent, fetch, ProxyAgent } from "undici";
import { proxyFor, withoutPassword } from "../kubernetes/proxy";

/** Seconds that one attempt may take by default. */
const TIMEOUT = 30;
/** Further attempts, after 1, 2 and 4 seconds. */
const RETRIES = 3;

/** Statuses that asking again does not change: no login, no right, no such file, no login at the proxy. */
const FINAL = ["401", "403", "404", "407"];

/** What undici says when a proxy refuses CONNECT. */
const PROXY_ANSWER = /Proxy response \((\d+)\)/;

/** Sends each request, those of redirects, too, by way of the proxy that the environment names for it. */
const dispatcher = new Agent().compose((direct) => (request, handler) => {
  const origin = new URL(String(request.origin));
  const proxy = proxyFor(origin);
  if (proxy === undefined) return direct(request, handler);
  // Proxies allow tunnels to port 443, and often to no other.
  const proxyTunnel = origin.protocol === "https:";
  return new ProxyAgent({ uri: proxy, proxyTunnel }).dispatch(request, handler);
});

/**
 * Text that a URL answers with, by way of HTTPS_PROXY and HTTP_PROXY, unless NO_PROXY excludes it. Node's own fetch knows
 * none of them before Node 24.
 * @throws Error saying why it cannot be had, and by which proxy it was asked for.
 */
export async function download(url: string): Promise<string> {
  return new TextDecoder().decode(await downloadBytes(url));
}

/**
 * What a URL answers with, as {@link download} gets it.
 * @param seconds that one attempt may take.
 */
export async function downloadBytes(url: string, seconds = TIMEOUT): Promise<Uint8Array> {
  try {
    return await pRetry(() => attempt(url, seconds), {
      retries: RETRIES,
      // fetch says "TypeError" of a network that fails, which p-retry would take for a mistake in the program.
      shouldRetry: () => true,
    });
  } catch (error) {
    const proxy = proxyFor(url);
    const asked = proxy === undefined ? "" : `, by way of the proxy ${withoutPassword(proxy)}`;
    throw new Error(`${innermost(error).message}${asked}`);
  }
}

async function attempt(url: string, seconds: number): Promise<Uint8Array> {
  try {
    const signal = AbortSignal.timeout(seconds * 1000);
    const response = await fetch(url, { signal, dispatcher });
    if (response.ok) return await response.bytes();
    throw new Error(`HTTP ${response.status}`);
  } catch (error) {
    const cause = innermost(error);
    const [, status] = PROXY_ANSWER.exec(cause.message) ?? /^HTTP (\d+)$/.exec(cause.message) ?? [];
    if (status === undefined) throw error;
    const failure = new Error(`HTTP ${status}`);
    throw FINAL.includes(status) ? new AbortError(failure) : failure;
  }
}

function innermost(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  return error.cause instanceof Error ? innermost(error.cause) : error;
}
