import { ApiException, KubeConfig } from "@kubernetes/client-node";
import pRetry from "p-retry";

/** The cluster that KUBECONFIG (or ~/.kube/config) and KUBE_CONTEXT name. */
export function clusterFromEnvironment(): KubeConfig {
  const config = new KubeConfig();
  config.loadFromDefault();
  const context = process.env.KUBE_CONTEXT;
  if (context !== undefined) {
    if (config.getContextObject(context) === null) {
      const known = config.getContexts().map(({ name }) => name);
      throw new Error(
        `KUBE_CONTEXT: the kubeconfig has no such context (${context}); it has ${known.join(", ") || "none"}`,
      );
    }
    config.setCurrentContext(context);
  }
  return config;
}

/**
 * Does something again, for about half a minute, while the API server or the way to it is at fault: one that goes
 * away, or that answers "storage is (re)initializing" just after a definition changed.
 */
export function retryTransient<T>(work: () => Promise<T>): Promise<T> {
  return pRetry(work, { retries: 5, shouldRetry: ({ error }) => isTransient(error) });
}

/** The same, for something that may not be there: undefined then. */
export async function unlessGone<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await retryTransient(work);
  } catch (error) {
    if (error instanceof ApiException && error.code === 404) return undefined;
    throw error;
  }
}

function isTransient(error: unknown): boolean {
  if (error instanceof ApiException) return error.code === 429 || error.code >= 500;
  // The client's own transport errors; what this program throws is a plain Error without a code.
  return error instanceof Error && "code" in error;
}

/** An error of the Kubernetes client in one line. */
export function describeError(error: unknown): string {
  if (error instanceof ApiException) return `HTTP ${error.code}: ${statusMessage(error.body)}`;
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : "";
  return `${error.message}${cause}`;
}

function statusMessage(body: unknown): string {
  try {
    const status = typeof body === "string" ? JSON.parse(body) : body;
    return String(status?.message ?? body).trim();
  } catch {
    return String(body).trim();
  }
}
