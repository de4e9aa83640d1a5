import { cidrRange, cidrSchema, familyOf, overlaps, single, valueAt } from "../config";
import { isSaid } from "./chartDefaults";
import { type Change, harmOfValue } from "./importReport";
import type { Tree } from "./tree";

/** What values say about the addresses of pods. */
export interface PodCidrs {
  /** network.podCidrs; undefined where a person must write it. */
  readonly podCidrs: unknown;
  /** network.nativeRoutingCidrs; undefined where these are the pod CIDRs. */
  readonly nativeRoutingCidrs: unknown;
  readonly changes: readonly Change[];
  /** What the line that asks for network.podCidrs has to add. */
  readonly hint: string;
}

/**
 * Reads the pod CIDRs. The chart has them as such only where Cilium gives them out itself (cluster-pool).
 * ipv4NativeRoutingCIDR is what is not masqueraded: with native routing mostly the pod CIDR, but often more.
 * @param values with the chart's defaults.
 * @param given network.podCidrs by other files or by hand.
 * @param taken addresses of nodes and pools, which no pod CIDR contains.
 */
export function readPodCidrs(values: Tree, given: unknown, taken: readonly string[]): PodCidrs {
  const families = [
    valueAt(values, "ipv4.enabled") === false ? undefined : "4",
    valueAt(values, "ipv6.enabled") === true ? "6" : undefined,
  ].filter((family) => family !== undefined);
  const isNative = values.routingMode === "native";
  const native = isNative
    ? families
        .filter((family) => isSaid(values, `ipv${family}NativeRoutingCIDR`))
        .map((family) => values[`ipv${family}NativeRoutingCIDR`])
    : [];
  const isClusterPool = valueAt(values, "ipam.mode") === "cluster-pool";
  const lists = families
    .map((family) => listOfPool(values, family))
    .filter((list) => list.length > 0);
  const pools = lists.map(([first]) => first);
  const further = lists.flatMap((list) => list.slice(1));
  const hint = families.includes("6")
    ? "; the values turn IPv6 on, so write a CIDR of each family that is on"
    : "";

  const podCidrs = given ?? (pools.length === families.length ? pools : undefined);
  if (podCidrs !== undefined) {
    const same = JSON.stringify(podCidrs) === JSON.stringify(native);
    return {
      podCidrs,
      nativeRoutingCidrs: native.length === 0 || same ? undefined : native,
      changes: given === undefined ? furtherRanges(further) : [],
      hint,
    };
  }
  if (native.length === 0)
    return { podCidrs: undefined, nativeRoutingCidrs: undefined, changes: [], hint };
  const wide = native.find((cidr) => isWiderThanPods(cidr, taken));
  if (wide !== undefined) {
    return {
      podCidrs: undefined,
      nativeRoutingCidrs: native,
      changes: [],
      hint: `; ipv4NativeRoutingCIDR (${wide}) is wider than a pod CIDR, and becomes network.nativeRoutingCidrs${hint}`,
    };
  }
  return {
    podCidrs: native,
    nativeRoutingCidrs: undefined,
    changes: [
      {
        harm: harmOfValue("ipv4NativeRoutingCIDR"),
        what: `network.podCidrs (${native.join(", ")})`,
        why: isClusterPool
          ? "taken from ipv4NativeRoutingCIDR; with ipam.mode cluster-pool Cilium gives pods addresses out of ipam.operator.clusterPoolIPv4PodCIDRList, 10.0.0.0/8 where that is absent: compare kubectl get ciliumnodes -o yaml, and correct it"
          : "taken from ipv4NativeRoutingCIDR; compare it with cluster.network.podSubnets of the machine config",
      },
    ],
    hint,
  };
}

/** Ranges that Cilium cuts by itself: a list, or text with spaces or commas. */
function listOfPool(values: Tree, family: string): unknown[] {
  const paths: Readonly<Record<string, string>> = {
    "cluster-pool": `ipam.operator.clusterPoolIPv${family}PodCIDRList`,
    "multi-pool": `ipam.operator.autoCreateCiliumPodIPPools.default.ipv${family}.cidrs`,
  };
  const path = paths[String(valueAt(values, "ipam.mode"))];
  const list = path === undefined ? undefined : valueAt(values, path);
  if (typeof list === "string") return list.split(/[\s,]+/).filter(Boolean);
  return Array.isArray(list) ? list : [];
}

function furtherRanges(further: readonly unknown[]): Change[] {
  return further.length === 0
    ? []
    : [
        {
          harm: "data path",
          what: `further ranges of Cilium's pool (${further.join(", ")})`,
          why: "kept in cilium.values; network.podCidrs has one CIDR of each family, so no rule looks at these",
        },
      ];
}

/** A range that has nodes or pools in it, or is a whole private network, is not (only) the pods'. */
function isWiderThanPods(cidr: unknown, taken: readonly string[]): boolean {
  if (!cidrSchema.safeParse(cidr).success) return false;
  const range = cidrRange(String(cidr));
  const [, length = ""] = String(cidr).split("/");
  if (familyOf(String(cidr)) === "IPv4" && Number(length) <= 9) return true;
  return taken.some(
    (address) => familyOf(address) === familyOf(String(cidr)) && overlaps(range, single(address)),
  );
}
