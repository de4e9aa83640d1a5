import type { V1DaemonSet } from "@kubernetes/client-node";
import semver from "semver";
import { parse } from "yaml";
import { CONFIG_ENTRIES } from "../config";
import { setAt, type Tree } from "./tree";

/** The chart's values that a ConfigMap cilium-config was rendered from, as far as it shows them. */
function valuesOfCiliumConfig(data: Readonly<Record<string, string>>): Tree {
  const values: Tree = {};
  for (const [entry, path] of Object.entries(CONFIG_ENTRIES)) {
    const text = data[entry];
    // Names such as 007 stay text.
    if (text !== undefined && text !== "") {
      setAt(values, path.split("."), entry === "cluster-name" ? text : parse(text));
    }
  }
  for (const family of ["4", "6"]) {
    const list = data[`cluster-pool-ipv${family}-cidr`]?.split(/[\s,]+/).filter(Boolean) ?? [];
    if (list.length > 0)
      setAt(values, ["ipam", "operator", `clusterPoolIPv${family}PodCIDRList`], list);
  }
  for (const type of ["wireguard", "ipsec"]) {
    if (data[`enable-${type}`] === "true") setAt(values, ["encryption"], { enabled: true, type });
  }
  return values;
}

/** The chart's values that Cilium's rendered objects show; undefined without cilium-config. */
export function valuesOfObjects(
  ciliumConfig: Readonly<Record<string, string>> | undefined,
  daemonSet: V1DaemonSet | undefined,
): Tree | undefined {
  if (ciliumConfig === undefined) return undefined;
  const values = valuesOfCiliumConfig(ciliumConfig);
  const env =
    daemonSet?.spec?.template.spec?.containers.flatMap((container) => container.env ?? []) ?? [];
  const named = (name: string) => env.find((each) => each.name === name)?.value;
  const [host, port] = [named("KUBERNETES_SERVICE_HOST"), named("KUBERNETES_SERVICE_PORT")];
  if (host !== undefined) setAt(values, ["k8sServiceHost"], host);
  if (port !== undefined) setAt(values, ["k8sServicePort"], Number(port));
  return values;
}

/** v1.20.2 in quay.io/cilium/cilium:v1.20.2@sha256:…, without the v. */
export function versionOfImage(daemonSet: V1DaemonSet | undefined): string | undefined {
  const images = daemonSet?.spec?.template.spec?.containers.map(({ image = "" }) => image) ?? [];
  const tag = images.map((image) => /:(v?\d+\.\d+\.[^@]+)/.exec(image)?.[1]).find(Boolean);
  return plainVersion(tag);
}

/** An exact version without v and without what Kubernetes' distributions append. */
export function plainVersion(text: string | undefined): string | undefined {
  return semver.valid(text?.replace(/\+.*$/, ""))?.toString();
}

/** What is not known of values that were read from rendered objects. */
export const RENDERED =
  "the values are those that cilium-config shows; what only the pods show (resources, tolerations, volumes) is not read";
