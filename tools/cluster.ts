import { ApiException, KubeConfig } from "@kubernetes/client-node";

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
