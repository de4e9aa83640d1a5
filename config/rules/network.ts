import {
  type AddressRange,
  contains,
  describeRange,
  type Family,
  familyOf,
  precedes,
  prefixLength,
} from "../addresses";
import {
  type AddressClaim,
  type ClaimsOf,
  dhcpClaims,
  gatewayClaims,
  lanClaims,
  lanOf,
  nodeClaims,
  podClaims,
  serviceClaims,
} from "../addressPlan";
import { valueAt } from "../derived/helmValues";
import type { Settings } from "../schema";
import { canonical, disjoint, notReserved } from "./factories";
import { problemIf, type Rule } from "./rule";

const POD_CIDR_OUTSIDE_LAN =
  "use a pod CIDR outside the LAN, the one in cluster.network.podSubnets of Talos";
const SERVICE_CIDR_OUTSIDE_LAN =
  "use a service CIDR outside the LAN, the one in cluster.network.serviceSubnets of Talos";
const PRIVATE_RANGE = "use a private range, such as 10.14.0.0/16";

export const lanCidrCanonical = canonical({
  name: "lan-cidr-canonical",
  description:
    "`lan.cidr` has no host bits set. With host bits it could mean the LAN or one address on it.",
  claims: lanClaims,
});

export const podCidrCanonical = canonical({
  name: "pod-cidr-canonical",
  description:
    "No CIDR in `network.podCidrs` has host bits set. With host bits it could mean a range or one address of it.",
  claims: podClaims,
});

export const serviceCidrCanonical = canonical({
  name: "service-cidr-canonical",
  description:
    "No CIDR in `network.serviceCidrs` has host bits set. With host bits it could mean a range, or one address of a Service.",
  claims: serviceClaims,
});

export const podCidrContainsNoNode = disjoint({
  name: "pod-cidr-contains-no-node",
  description:
    "No CIDR in `network.podCidrs` contains a node's address. The route to that node would be the route to a pod.",
  claims: podClaims,
  others: nodeClaims,
  fix: POD_CIDR_OUTSIDE_LAN,
});

export const podCidrOutsideLan = disjoint({
  name: "pod-cidr-outside-lan",
  description:
    "No CIDR in `network.podCidrs` overlaps `lan.cidr`. Pods could not reach the LAN's machines in the overlap.",
  claims: podClaims,
  others: lanClaims,
  fix: POD_CIDR_OUTSIDE_LAN,
});

export const podCidrOutsideServiceCidr = disjoint({
  name: "pod-cidr-outside-service-cidr",
  description:
    "No CIDR in `network.podCidrs` overlaps one in `network.serviceCidrs`. An address in the overlap could be a pod's and a Service's at once.",
  claims: podClaims,
  others: serviceClaims,
  fix: "use two CIDRs that do not overlap, those in cluster.network of Talos",
});

export const serviceCidrContainsNoNode = disjoint({
  name: "service-cidr-contains-no-node",
  description:
    "No CIDR in `network.serviceCidrs` contains a node's address. Packets to that node would be translated to some pod's address.",
  claims: serviceClaims,
  others: nodeClaims,
  fix: SERVICE_CIDR_OUTSIDE_LAN,
});

export const serviceCidrOutsideLan = disjoint({
  name: "service-cidr-outside-lan",
  description:
    "No CIDR in `network.serviceCidrs` overlaps `lan.cidr`. Packets to the LAN's machines in the overlap would be translated to some pod's address.",
  claims: serviceClaims,
  others: lanClaims,
  fix: SERVICE_CIDR_OUTSIDE_LAN,
});

export const podCidrNotReserved = notReserved({
  name: "pod-cidr-not-reserved",
  description:
    "No CIDR in `network.podCidrs` contains loopback, link-local or multicast addresses. A pod cannot be reached at such an address (RFC 6890).",
  claims: podClaims,
  fix: PRIVATE_RANGE,
});

export const serviceCidrNotReserved = notReserved({
  name: "service-cidr-not-reserved",
  description:
    "No CIDR in `network.serviceCidrs` contains loopback, link-local or multicast addresses. A Service cannot be reached at such an address (RFC 6890).",
  claims: serviceClaims,
  fix: PRIVATE_RANGE,
});

export const podCidrsOnePerFamily = oneOfEachFamily({
  name: "pod-cidrs-one-per-family",
  description:
    "`network.podCidrs` has at most one CIDR of each IP family. One of each makes a dual-stack cluster; Kubernetes does not support two of one family for pods (https://kubernetes.io/docs/concepts/services-networking/dual-stack/).",
  claims: podClaims,
});

export const serviceCidrsOnePerFamily = oneOfEachFamily({
  name: "service-cidrs-one-per-family",
  description:
    "`network.serviceCidrs` has at most one CIDR of each IP family. One of each makes a dual-stack cluster; Kubernetes does not support two of one family for Services (https://kubernetes.io/docs/concepts/services-networking/dual-stack/).",
  claims: serviceClaims,
});

function oneOfEachFamily({
  claims,
  ...named
}: Pick<Rule, "name" | "description"> & { claims: ClaimsOf }): Rule {
  return {
    ...named,
    severity: "error",
    check: (settings) => {
      const [first, second] = claims(settings);
      if (first === undefined || second === undefined) return [];
      const [family, other] =
        second.range.family === "IPv4" ? (["IPv4", "IPv6"] as const) : (["IPv6", "IPv4"] as const);
      return problemIf(first.range.family === family, {
        path: second.path,
        wrong: `a second ${family} CIDR (${second.text} beside ${first.text})`,
        fix: `leave it out, or use an ${other} CIDR for dual stack`,
      });
    },
  };
}

export const serviceFamiliesMatchPods: Rule = {
  name: "service-families-match-pods",
  description:
    "`network.serviceCidrs` has only IP families that `network.podCidrs` has, in any order. No pod could answer for a Service of another family (https://kubernetes.io/docs/concepts/services-networking/dual-stack/).",
  severity: "error",
  check: ({ network }) => {
    const [pods, services] = [network.podCidrs.map(familyOf), network.serviceCidrs.map(familyOf)];
    return problemIf(!services.every((family) => pods.includes(family)), {
      path: "network.serviceCidrs",
      wrong: `Services have a family that pods do not have (${services.join(", ")}; pods have ${pods.join(", ")})`,
      fix: "leave out the CIDR of that family, or add a pod CIDR of it",
    });
  },
};

export const nodeFamilyMatchesPods: Rule = {
  name: "node-family-matches-pods",
  description:
    "Each address in `nodes` is of an IP family that `network.podCidrs` has. Cilium uses no address of another family (pkg/datapath/linux/node.go).",
  severity: "error",
  check: (settings) => {
    const families = new Set(podClaims(settings).map(({ range }) => range.family));
    return nodeClaims(settings).flatMap(({ path, range: { family }, text }) =>
      problemIf(!families.has(family), {
        path,
        wrong: `pods have no ${family} addresses (${text})`,
        fix: `write the node's ${[...families].join(" or ")} address, or add an ${family} pod CIDR`,
      }),
    );
  },
};

/** Of IPv6 only: kube-controller-manager keeps a bitmap of the parts. */
const NODE_BITS_AT_MOST = 16;

/** Pod CIDRs that Kubernetes cuts into the nodes' parts: none where Cilium does it (cluster-pool, multi-pool). */
function podClaimsOfNodes(settings: Settings): readonly AddressClaim[] {
  const mode = valueAt(settings.cilium.values, "ipam.mode");
  return mode === undefined || mode === "kubernetes" ? podClaims(settings) : [];
}

/** Prefix length of a node's part of a pod CIDR. */
function nodeMask({ network }: Settings, family: Family): number {
  return network.nodeCidrMaskSizes[family === "IPv4" ? "ipv4" : "ipv6"];
}

export const nodeMaskFitsPodCidr: Rule = {
  name: "node-mask-fits-pod-cidr",
  description:
    "`network.nodeCidrMaskSizes` is not shorter than the prefix length of each pod CIDR, and for IPv6 at most 16 bits longer. kube-controller-manager cuts the nodes' parts out of the pod CIDR and refuses other sizes (Kubernetes, pkg/controller/nodeipam/ipam/cidrset). It gives out nothing where `cilium.values` has another `ipam.mode` than kubernetes.",
  severity: "error",
  check: (settings) =>
    podClaimsOfNodes(settings).flatMap(({ path, range, text }) => {
      const mask = nodeMask(settings, range.family);
      const bits = mask - prefixLength(text);
      const most = range.family === "IPv6" ? NODE_BITS_AT_MOST : 32;
      return problemIf(bits < 0 || bits > most, {
        path,
        wrong:
          bits < 0
            ? `a node's part of it (/${mask}) would be larger than the whole (${text})`
            : `a node's part of it (/${mask}) must be 0 to ${most} bits smaller (${text})`,
        fix: "change network.nodeCidrMaskSizes or the pod CIDR, here and in Talos",
      });
    }),
};

export const podCidrFitsNodes: Rule = {
  name: "pod-cidr-fits-nodes",
  description:
    "Each CIDR in `network.podCidrs` has a part for every node. A node without a part cannot run pods.",
  severity: "error",
  check: (settings) =>
    podClaimsOfNodes(settings).flatMap(({ path, range, text }) => {
      const nodes = nodeClaims(settings).length;
      const mask = nodeMask(settings, range.family);
      const bits = mask - prefixLength(text);
      return problemIf(bits >= 0 && 2 ** bits < nodes, {
        path,
        wrong: `it has parts for ${2 ** bits} of ${nodes} nodes (${text}, /${mask} for each node)`,
        fix: "use a larger pod CIDR or longer network.nodeCidrMaskSizes, here and in Talos",
      });
    }),
};

const SERVICE_BITS_AT_MOST = 20;
const SERVICE_BITS_AT_LEAST = 4;

export const serviceCidrNotTooLarge: Rule = {
  name: "service-cidr-not-too-large",
  description:
    "Each CIDR in `network.serviceCidrs` has at most 20 host bits. The API server keeps a bitmap of the addresses and accepts no larger one (Kubernetes, kube-apiserver, service-cluster-ip-range).",
  severity: "error",
  check: (settings) =>
    serviceClaims(settings).flatMap(({ path, range, text }) =>
      problemIf(hostBits(text) > SERVICE_BITS_AT_MOST, {
        path,
        wrong: `the API server accepts at most ${SERVICE_BITS_AT_MOST} host bits (${text})`,
        fix:
          range.family === "IPv4"
            ? "use a prefix of /12 or longer"
            : "use a prefix of /108 or longer",
      }),
    ),
};

export const serviceCidrNotTooSmall: Rule = {
  name: "service-cidr-not-too-small",
  description:
    "Each CIDR in `network.serviceCidrs` has at least 4 host bits. Services need addresses, and the cluster's DNS alone has the tenth (Kubernetes, kubeadm, GetDNSIP).",
  severity: "error",
  check: (settings) =>
    serviceClaims(settings).flatMap(({ path, range, text }) =>
      problemIf(hostBits(text) < SERVICE_BITS_AT_LEAST, {
        path,
        wrong: `too few addresses: kube-dns takes the tenth (${text})`,
        fix:
          range.family === "IPv4"
            ? "use a prefix of /28 or shorter"
            : "use a prefix of /124 or shorter",
      }),
    ),
};

function hostBits(cidr: string): number {
  return (familyOf(cidr) === "IPv4" ? 32 : 128) - prefixLength(cidr);
}

export const lanFamiliesDiffer: Rule = {
  name: "lan-families-differ",
  description:
    "`lan.cidr` is an IPv4 CIDR where there is `lan.ipv6`. A LAN has one CIDR of each family here.",
  severity: "error",
  check: ({ lan }) =>
    problemIf(lan.ipv6 !== undefined && (lan.cidr === undefined || familyOf(lan.cidr) !== "IPv4"), {
      path: "lan.cidr",
      wrong: `no IPv4 CIDR beside lan.ipv6 (${lan.cidr ?? "missing"})`,
      fix: "write the LAN's IPv4 CIDR; for a LAN of IPv6 alone write its CIDR here and leave lan.ipv6 out",
    }),
};

export const gatewayInsideLan: Rule = {
  name: "gateway-inside-lan",
  description: "`lan.gateway` is in `lan.cidr`. The nodes reach a router on their own LAN only.",
  severity: "error",
  check: (settings) => {
    const lans = lanClaims(settings);
    return gatewayClaims(settings).flatMap(({ path, range, text }) => {
      const lan = lanOf(settings, range.family) ?? lans[0];
      return problemIf(lan !== undefined && !contains(lan.range, range), {
        path,
        wrong: `it is not in ${lan?.path} (${text}, ${lan?.text})`,
        fix: "write the router's address on the nodes' LAN",
      });
    });
  },
};

export const dhcpStartBeforeStop: Rule = {
  name: "dhcp-start-before-stop",
  description:
    "`lan.dhcp.start` does not come after `lan.dhcp.stop`. In a reversed range the other rules would find no overlap.",
  severity: "error",
  check: ({ lan: { dhcp } }) => {
    if (dhcp === undefined) return [];
    const { start, stop } = dhcp;
    return problemIf(precedes(stop, start), {
      path: "lan.dhcp",
      wrong: `it stops before it starts (${describeRange({ start, stop })})`,
      fix: `did you mean ${describeRange({ start: stop, stop: start })}?`,
    });
  },
};

export const dhcpInsideLan: Rule = {
  name: "dhcp-inside-lan",
  description: "`lan.dhcp` is in `lan.cidr`. A DHCP server gives out addresses of its own LAN.",
  severity: "error",
  check: (settings) => {
    const [[first], [dhcp]] = [lanClaims(settings), dhcpClaims(settings)];
    if (dhcp === undefined) return [];
    const lan = lanOf(settings, dhcp.range.family) ?? first;
    if (lan === undefined) return [];
    return problemIf(!contains(lan.range, dhcp.range), {
      path: dhcp.path,
      wrong: `it is not in lan.cidr (${dhcp.text}, ${lan.text})`,
      fix: "write the range that the DHCP server gives out on the nodes' LAN",
    });
  },
};

export const gatewayOutsideDhcp = disjoint({
  name: "gateway-outside-dhcp",
  description:
    "`lan.gateway` is not in `lan.dhcp`. DHCP would give the router's address to another machine.",
  claims: gatewayClaims,
  others: dhcpClaims,
  fix: "exclude the router's address from the DHCP range",
});

export const gatewayNotANode = disjoint({
  name: "gateway-not-a-node",
  description:
    "`lan.gateway` is not the address of a node. The node and the router would both answer ARP for it.",
  claims: gatewayClaims,
  others: nodeClaims,
  fix: "write the router's own address",
});

/**
 * The network or broadcast address of an IPv4 LAN, if a range within the LAN contains one. LANs of IPv6 and those with
 * a prefix longer than /30 have none.
 */
export function networkOrBroadcastAddress(
  lan: AddressClaim | undefined,
  range: AddressRange,
): string | undefined {
  if (lan === undefined || lan.range.family === "IPv6") return undefined;
  if (lan.range.last - lan.range.first < 3n || !contains(lan.range, range)) return undefined;
  const includes = (address: bigint) => range.first <= address && address <= range.last;
  if (includes(lan.range.first)) return `network address (${lan.range.start})`;
  return includes(lan.range.last) ? `broadcast address (${lan.range.stop})` : undefined;
}

export const nodeNotNetworkOrBroadcastAddress: Rule = {
  name: "node-not-network-or-broadcast-address",
  description:
    "No address in `nodes` is the network or broadcast address of `lan.cidr`. No machine can have one of them.",
  severity: "error",
  check: (settings) => {
    const lan = lanOf(settings, "IPv4");
    return nodeClaims(settings).flatMap(({ path, range }) => {
      const found = networkOrBroadcastAddress(lan, range);
      return problemIf(found !== undefined, {
        path,
        wrong: `it is the LAN's ${found}`,
        fix: "write the node's own address",
      });
    });
  },
};
