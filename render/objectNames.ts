import type { RenderedObject } from "../sources/helm";

/** Names of the objects that the effects are judged by; the Release is always `cilium` in `kube-system`. */
export const AGENT = "DaemonSet kube-system/cilium";
export const OPERATOR = "Deployment kube-system/cilium-operator";
export const CONFIG = "ConfigMap kube-system/cilium-config";

/** The object in words: `ConfigMap kube-system/cilium-config`. */
export function nameOf({ kind, metadata }: RenderedObject): string {
  const { name = "", namespace } = metadata ?? {};
  return `${kind} ${namespace === undefined ? name : `${namespace}/${name}`}`;
}

/** Kind with its API group: `DaemonSet.apps`, `Service`. */
export function kindOf({ kind, apiVersion = "" }: RenderedObject): string {
  const [group = "", version] = String(apiVersion).split("/");
  return version === undefined ? kind : `${kind}.${group}`;
}
