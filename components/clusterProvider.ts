import * as k8s from "@pulumi/kubernetes";
import type { Settings } from "../config";

/**
 * The provider of all Kubernetes resources. Nothing replaces it, as all of them would go with it: the identifier keeps
 * another kubeconfig from doing so, and is itself never changed once it is set.
 */
export function clusterProvider(
  name: string,
  { name: clusterIdentifier, kubeconfig, context }: Settings["cluster"],
): k8s.Provider {
  const args = {
    clusterIdentifier,
    // Without a path of its own the stack has none: the plugin finds KUBECONFIG by itself, on every machine another one.
    kubeconfig: kubeconfig ?? "",
    ...(context !== undefined && { context }),
  };
  return new k8s.Provider(name, args, { ignoreChanges: ["clusterIdentifier"] });
}
