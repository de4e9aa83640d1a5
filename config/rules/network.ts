import {
  type AddressRange,
  contains,
  type Family,
  familyOf,
  overlaps,
  precedes,
  prefixLength,
} from "../addresses";
import {
  dhcpOwner,
  gatewayOwner,
  lanOwner,
  nodeOwners,
  type Owner,
  podOwners,
  serviceOwners,
} from "../addressPlan";
import type { Settings } from "../schema";
import { apart, canonical, notSpecial } from "./factories";
import { problem, problemIf, type Rule } from "./rule";

/** See {@link canonical}. */
export const canonicalLanCidr = canonical("canonical-lan-cidr", (settings) => [lanOwner(settings)]);
/** See {@link canonical}. */
export const canonicalPodCidr = canonical("canonical-pod-cidr", podOwners);
/** See {@link canonical}. */
export const canonicalServiceCidr = canonical("canonical-service-cidr", serviceOwners);

/** Nodes have no address out of a pod CIDR: the route to the node would be the route to a pod. */
export const podCidrApartFromNodes = apart(
  "pod-cidr-apart-from-nodes",
  podOwners,
  nodeOwners,
  "take a pod CIDR apart from the LAN, the one of cluster.network.podSubnets in Talos",
);

/** The LAN is no part of a pod CIDR: its machines would be unreachable from pods. */
export const podCidrApartFromLan = apart(
  "pod-cidr-apart-from-lan",
  podOwners,
  (settings) => [lanOwner(settings)],
  "take a pod CIDR apart from the LAN, the one of cluster.network.podSubnets in Talos",
);

/** Pods and Services have no address in common. */
export const podCidrApartFromServices = apart(
  "pod-cidr-apart-from-services",
  podOwners,
  serviceOwners,
  "take two CIDRs apart from each other, those of cluster.network in Talos",
);

/** Nodes have no address out of a service CIDR: it would be translated to some pod's. */
export const serviceCidrApartFromNodes = apart(
  "service-cidr-apart-from-nodes",
  serviceOwners,
  nodeOwners,
  "take a service CIDR apart from the LAN, the one of cluster.network.serviceSubnets in Talos",
);

/** The LAN is no part of a service CIDR. */
export const serviceCidrApartFromLan = apart(
  "service-cidr-apart-from-lan",
  serviceOwners,
  (settings) => [lanOwner(settings)],
  "take a service CIDR apart from the LAN, the one of cluster.network.serviceSubnets in Talos",
);

/** See {@link notSpecial}. */
export const podCidrSpecial = notSpecial("pod-cidr-special", podOwners);
/** See {@link notSpecial}. */
export const serviceCidrSpecial = notSpecial("service-cidr-special", serviceOwners);

/** Two CIDRs are of two families: one of each is dual stack, two of one are nothing that Kubernetes knows. */
function oneOfEachFamily(name: string, ownersOf: (settings: Settings) => readonly Owner[]): Rule {
  return {
    name,
    check: (settings) => {
      const [first, second] = ownersOf(settings);
      if (first === undefined || second === undefined) return [];
      return problemIf(
        familyOf(first.text) === familyOf(second.text),
        second.path,
        `a second one of ${familyOf(first.text)} (${second.text} beside ${first.text})`,
        "leave it out, or make it the other family's for dual stack",
      );
    },
  };
}

/** See {@link oneOfEachFamily}. */
export const podCidrFamilies = oneOfEachFamily("pod-cidr-families", podOwners);
/** See {@link oneOfEachFamily}. */
export const serviceCidrFamilies = oneOfEachFamily("service-cidr-families", serviceOwners);

/** Services have the families of the pods, the first one first (kube-apiserver, service-cluster-ip-range). */
export const serviceFamiliesOfPods: Rule = {
  name: "service-families-of-pods",
  check: ({ network }) => {
    const families = (cidrs: readonly string[]) => cidrs.map(familyOf).join(", ");
    const [pods, services] = [families(network.podCidrs), families(network.serviceCidrs)];
    return problemIf(
      network.serviceCidrs.length > 0 && pods !== services,
      "network.serviceCidrs",
      `Services have other families than pods (${services}; pods have ${pods})`,
      "list one CIDR for each family of network.podCidrs, in the same order",
    );
  },
};

/** Each node has an address of a family that pods have. */
export const nodeFamily: Rule = {
  name: "node-family",
  check: (settings) => {
    const families = new Set(settings.network.podCidrs.map(familyOf));
    return nodeOwners(settings).flatMap(({ path, text }) =>
      problemIf(
        !families.has(familyOf(text)),
        path,
        `pods have no ${familyOf(text)} (${text})`,
        `name the node's ${[...families].join(" or ")} address, or add a pod CIDR of ${familyOf(text)}`,
      ),
    );
  },
};

const NODE_BITS_AT_MOST = 16;

/** Prefix length of a node's part of a pod CIDR. */
function nodeMask({ network }: Settings, family: Family): number {
  return network.nodeCidrMaskSizes[family === "IPv4" ? "ipv4" : "ipv6"];
}

/** A node's part is smaller than the pod CIDR, by 16 bits at most (kube-controller-manager, node IPAM). */
export const nodeMaskInPodCidr: Rule = {
  name: "node-mask-in-pod-cidr",
  check: (settings) =>
    podOwners(settings).flatMap(({ path, text }) => {
      const mask = nodeMask(settings, familyOf(text));
      const bits = mask - prefixLength(text);
      return problemIf(
        bits < 0 || bits > NODE_BITS_AT_MOST,
        path,
        `a node's part of it (/${mask}) must be 0 to ${NODE_BITS_AT_MOST} bits smaller (${text})`,
        "change network.nodeCidrMaskSizes or the pod CIDR, in Talos too",
      );
    }),
};

/** There is a part of each pod CIDR for every node. */
export const podCidrNodeCount: Rule = {
  name: "pod-cidr-node-count",
  check: (settings) =>
    podOwners(settings).flatMap(({ path, text }) => {
      const nodes = nodeOwners(settings).length;
      const bits = nodeMask(settings, familyOf(text)) - prefixLength(text);
      return problemIf(
        bits >= 0 && 2 ** bits < nodes,
        path,
        `parts of it for nodes: ${2 ** bits}, nodes: ${nodes} (${text}, /${nodeMask(settings, familyOf(text))} a node)`,
        "take a larger pod CIDR or a longer network.nodeCidrMaskSizes, in Talos too",
      );
    }),
};

const SERVICE_BITS_AT_MOST = 20;
const SERVICE_BITS_AT_LEAST = 4;

/** Addresses of Services fit the API server's bitmap: 20 bits at most (kube-apiserver, service-cluster-ip-range). */
export const serviceCidrTooLarge: Rule = {
  name: "service-cidr-too-large",
  check: (settings) =>
    serviceOwners(settings).flatMap(({ path, text }) =>
      problemIf(
        hostBits(text) > SERVICE_BITS_AT_MOST,
        path,
        `the API server takes no more than ${SERVICE_BITS_AT_MOST} bits of addresses (${text})`,
        familyOf(text) === "IPv4" ? "use a /12 or longer" : "use a /108 or longer",
      ),
    ),
};

/** There are enough addresses for Services: kube-dns alone takes the tenth. */
export const serviceCidrTooSmall: Rule = {
  name: "service-cidr-too-small",
  check: (settings) =>
    serviceOwners(settings).flatMap(({ path, text }) =>
      problemIf(
        hostBits(text) < SERVICE_BITS_AT_LEAST,
        path,
        `too few addresses, and kube-dns takes the tenth (${text})`,
        familyOf(text) === "IPv4" ? "use a /28 or shorter" : "use a /124 or shorter",
      ),
    ),
};

function hostBits(cidr: string): number {
  return (familyOf(cidr) === "IPv4" ? 32 : 128) - prefixLength(cidr);
}

/** The router is on the LAN. */
export const gatewayInsideLan: Rule = {
  name: "gateway-inside-lan",
  check: (settings) => {
    const [lan, gateway] = [lanOwner(settings), gatewayOwner(settings)];
    if (lan === undefined || gateway === undefined) return [];
    return problemIf(
      !contains(lan.range, gateway.range),
      gateway.path,
      `it is not in lan.cidr (${gateway.text}, ${lan.text})`,
      "name the router's address on the nodes' LAN",
    );
  },
};

/** DHCP's range starts before it stops. */
export const dhcpOrder: Rule = {
  name: "dhcp-order",
  check: ({ lan: { dhcp } }) =>
    problemIf(
      dhcp !== undefined && precedes(dhcp.stop, dhcp.start),
      "lan.dhcp",
      `it stops before it starts (${dhcp?.start} to ${dhcp?.stop})`,
      `did you mean ${dhcp?.stop} to ${dhcp?.start}?`,
    ),
};

/** DHCP's range is on the LAN. */
export const dhcpInsideLan: Rule = {
  name: "dhcp-inside-lan",
  check: (settings) => {
    const [lan, dhcp] = [lanOwner(settings), dhcpOwner(settings)];
    if (lan === undefined || dhcp === undefined) return [];
    return problemIf(
      !contains(lan.range, dhcp.range),
      dhcp.path,
      `it is not in lan.cidr (${dhcp.text}, ${lan.text})`,
      "name the range that is given out on the nodes' LAN",
    );
  },
};

/** DHCP does not give out the router's address. */
export const gatewayOutsideDhcp = apart(
  "gateway-outside-dhcp",
  (settings) => [gatewayOwner(settings)],
  (settings) => [dhcpOwner(settings)],
  "take the router's address out of what DHCP gives out",
);

/** No node has the router's address. */
export const gatewayApartFromNodes = apart(
  "gateway-apart-from-nodes",
  (settings) => [gatewayOwner(settings)],
  nodeOwners,
  "name the router's own address",
);

/** Whether a range touches the network or broadcast address of an IPv4 LAN. */
export function atTheEdge(lan: Owner | undefined, range: AddressRange): string | undefined {
  if (lan === undefined || familyOf(lan.text) === "IPv6" || prefixLength(lan.text) > 30)
    return undefined;
  if (!contains(lan.range, range)) return undefined;
  if (overlaps(range, { start: lan.range.start, stop: lan.range.start }))
    return `network address (${lan.range.start})`;
  if (overlaps(range, { start: lan.range.stop, stop: lan.range.stop }))
    return `broadcast address (${lan.range.stop})`;
  return undefined;
}

/** No node has the LAN's network or broadcast address. */
export const nodeNotAtTheEdge: Rule = {
  name: "node-not-at-the-edge",
  check: (settings) =>
    nodeOwners(settings).flatMap(({ path, range }) => {
      const edge = atTheEdge(lanOwner(settings), range);
      return edge === undefined
        ? []
        : [problem(path, `it is the LAN's ${edge}`, "name the node's own address")];
    }),
};
