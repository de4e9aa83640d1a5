import { ApiException, type KubeConfig } from "@kubernetes/client-node";
import pRetry from "p-retry";
import { AccessError } from "./accessError";
import { ClusterConnection } from "./clusterConnection";
import { isFinal } from "./isFinal";
import { readKubeconfig } from "./kubeconfig";

/** Milliseconds during which work is repeated. */
const RETRY_TIME = 30_000;

/** Errors that work was repeated for until the time was over; {@link retryTransient} around it must not do so again. */
const retried = new WeakSet<object>();

/** Where a cluster's address and credentials are. */
export interface ClusterLocation {
  /** Path of the kubeconfig. Default: KUBECONFIG, else ~/.kube/config. */
  readonly kubeconfig?: string | undefined;
  /** Default: the kubeconfig's current context. */
  readonly context?: string | undefined;
}

/** @throws AccessError when the kubeconfig cannot be read, or lacks the context, or the cluster or user of the context. */
export function loadCluster({ kubeconfig, context }: ClusterLocation = {}): KubeConfig {
  const config = readKubeconfig(kubeconfig);
  const name = context ?? config["current-context"];
  const known = config.contexts.map((entry) => entry.name).join(", ") || "none";
  const where = config.files.join(", ");
  if (name === undefined) {
    throw new AccessError(
      `context: none is chosen (${where} has no current-context); choose one of its own: ${known}`,
    );
  }
  const chosen = config.contexts.find((entry) => entry.name === name)?.context;
  if (chosen === undefined) {
    throw new AccessError(`context: not in the kubeconfig (${name}); use one of its own: ${known}`);
  }
  const { cluster = "", user = "" } = chosen;
  if (!config.clusters.some((entry) => entry.name === cluster && entry.cluster?.server)) {
    throw new AccessError(
      `context ${name}: its cluster is not in the kubeconfig, or has no server (${cluster || "no name"}); mend ${where}, or use another context: ${known}`,
    );
  }
  if (!config.users.some((entry) => entry.name === user)) {
    throw new AccessError(
      `context ${name}: its user is not in the kubeconfig (${user || "no name"}); mend ${where}, or use another context: ${known}`,
    );
  }
  return new ClusterConnection(config, name);
}

/**
 * Repeats work for about half a minute while the API server, or the network to it, is at fault: a server that goes
 * away, or that answers "storage is (re)initializing" just after a CRD changed.
 */
export async function retryTransient<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await pRetry(work, {
      retries: 5,
      maxRetryTime: RETRY_TIME,
      shouldRetry: ({ error }) => !isFinal(error) && !retried.has(error),
    });
  } catch (error) {
    if (error instanceof Error) retried.add(error);
    throw error;
  }
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

/** An error of the Kubernetes client in one line. */
export function describeError(error: unknown): string {
  if (error instanceof ApiException) {
    const remedy = error.code === 403 ? "; grant this right, or use credentials that have it" : "";
    return `HTTP ${error.code}: ${statusMessage(error.body)}${remedy}`;
  }
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
