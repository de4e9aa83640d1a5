import { ApiException, KubeConfig } from "@kubernetes/client-node";
import pRetry from "p-retry";

/** Where a cluster's address and credentials are. */
export interface ClusterLocation {
  /** Path of the kubeconfig. Default: KUBECONFIG, else ~/.kube/config. */
  readonly kubeconfig?: string | undefined;
  /** Default: the kubeconfig's current context. */
  readonly context?: string | undefined;
}

/** @throws Error when the kubeconfig cannot be read, or has no such context. */
export function loadCluster({ kubeconfig, context }: ClusterLocation = {}): KubeConfig {
  const config = new KubeConfig();
  if (kubeconfig === undefined) config.loadFromDefault();
  else config.loadFromFile(kubeconfig);
  if (context === undefined) return config;
  if (config.getContextObject(context) === null) {
    const known = config.getContexts().map(({ name }) => name);
    throw new Error(
      `context: not in the kubeconfig (${context}); use one of its own: ${known.join(", ") || "none"}`,
    );
  }
  config.setCurrentContext(context);
  return config;
}

/**
 * Repeats work for about half a minute while the API server, or the network to it, is at fault: a server that goes
 * away, or that answers "storage is (re)initializing" just after a CRD changed.
 */
export function retryTransient<T>(work: () => Promise<T>): Promise<T> {
  return pRetry(work, { retries: 5, shouldRetry: ({ error }) => isTransient(error) });
}

/** {@link retryTransient} that returns undefined when the API server answers 404: no such object or kind. */
export async function ignoreNotFound<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await retryTransient(work);
  } catch (error) {
    if (error instanceof ApiException && error.code === 404) return undefined;
    throw error;
  }
}

function isTransient(error: unknown): boolean {
  if (error instanceof ApiException) return error.code === 429 || error.code >= 500;
  // The client's own transport errors have a code; the errors that this program throws have none.
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
