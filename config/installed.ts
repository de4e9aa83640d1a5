import { compact } from "es-toolkit/array/compact";
import { ciliumValues } from "./derived/ciliumValues";
import { type HelmValues, valueAt } from "./derived/helmValues";
import type { Settings } from "./schema";

/** Name and namespace of a Helm release. */
export interface ReleaseName {
  readonly name: string;
  readonly namespace: string;
}

/** Helm's release of Cilium. They are part of the name of every revision: a release with others is another one. */
export const CILIUM_RELEASE: ReleaseName = { name: "cilium", namespace: "kube-system" };

/** Addresses of one family that Cilium's operator gives to nodes, where ipam.mode is cluster-pool. */
export interface ClusterPool {
  readonly family: "IPv4" | "IPv6";
  readonly cidrs: readonly string[];
  /** Prefix length of a node's part. */
  readonly maskSize: string;
}

/**
 * What identifies an installed Cilium, and what its pods' addresses hang on. What a source does not tell is undefined.
 */
export interface Installed {
  readonly release?: ReleaseName | undefined;
  /** Version of the chart. */
  readonly version?: string | undefined;
  /** cluster.name. */
  readonly name?: string | undefined;
  /** cluster.id. */
  readonly id?: string | undefined;
  /** ipam.mode. */
  readonly ipam?: string | undefined;
  readonly clusterPools?: readonly ClusterPool[] | undefined;
  /** network.podCidrs. */
  readonly podCidrs?: readonly string[] | undefined;
  /** Pod CIDRs of nodes that are outside of the stack's, each with its node. */
  readonly nodesOutside?: readonly string[] | undefined;
}

/** The chart's defaults (values.yaml, ipam). */
const DEFAULT_IPAM = "cluster-pool";
const DEFAULT_POOLS: readonly ClusterPool[] = [
  { family: "IPv4", cidrs: ["10.0.0.0/8"], maskSize: "24" },
  { family: "IPv6", cidrs: ["fd00::/104"], maskSize: "120" },
];

/** What an update to some settings installs. */
export function installedBySettings(settings: Settings): Installed {
  return {
    ...installedByValues(ciliumValues(settings)),
    release: CILIUM_RELEASE,
    version: settings.cilium.version,
    podCidrs: settings.network.podCidrs,
  };
}

/** What values of Cilium's chart install. */
export function installedByValues(values: HelmValues) {
  const ipam = textOf(valueAt(values, "ipam.mode")) ?? DEFAULT_IPAM;
  return {
    name: textOf(valueAt(values, "cluster.name")),
    id: textOf(valueAt(values, "cluster.id")),
    ipam,
    clusterPools: ipam === DEFAULT_IPAM ? poolsOfValues(values) : [],
  };
}

function poolsOfValues(values: HelmValues): ClusterPool[] {
  return DEFAULT_POOLS.filter(
    ({ family }) => valueAt(values, `${family.toLowerCase()}.enabled`) === true,
  ).map(({ family, cidrs, maskSize }) => {
    const at = (what: string) => valueAt(values, `ipam.operator.clusterPool${family}${what}`);
    return {
      family,
      cidrs: listOf(at("PodCIDRList")) ?? cidrs,
      maskSize: textOf(at("MaskSize")) ?? maskSize,
    };
  });
}

/** What a ConfigMap cilium-config says. */
export function installedByConfig(data: Readonly<Record<string, string>>) {
  const pools = (["IPv4", "IPv6"] as const).map((family): ClusterPool | undefined => {
    const at = (what: string) => textOf(data[`cluster-pool-${family.toLowerCase()}-${what}`]);
    const cidrs = listOf(at("cidr"));
    return cidrs && { family, cidrs, maskSize: at("mask-size") ?? "" };
  });
  return {
    name: textOf(data["cluster-name"]),
    id: textOf(data["cluster-id"]),
    ipam: textOf(data.ipam),
    clusterPools: compact(pools),
  };
}

/** An empty text says nothing. */
function textOf(value: unknown): string | undefined {
  const text = typeof value === "string" || typeof value === "number" ? String(value) : "";
  return text === "" ? undefined : text;
}

/** The chart takes a list, and text with spaces or commas. */
function listOf(value: unknown): string[] | undefined {
  if (Array.isArray(value)) return value.map(String);
  return typeof value === "string" ? compact(value.split(/[\s,]+/)) : undefined;
}
