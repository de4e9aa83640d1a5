import semver from "semver";
import { contains, describeRange, familyOf, precedes, single, without } from "../addresses";
import {
  type AddressClaim,
  dhcpClaims,
  gatewayClaims,
  isAdvertised,
  l2PoolClaims,
  lanOf,
  nodeClaims,
  podClaims,
  poolBlocks,
  poolClaims,
  serviceClaims,
} from "../addressPlan";
import { overlappingPairs } from "../overlaps";
import { count, firstOf } from "../text";
import { canonical, disjoint, mutuallyDisjoint, notReserved, uniqueNames } from "./factories";
import { networkOrBroadcastAddress } from "./network";
import { problemIf, type Rule } from "./rule";

const ANOTHER_RANGE = "use a range of the LAN that nothing else uses";

export const poolRangeOrCidr: Rule = {
  name: "pool-range-or-cidr",
  description:
    "Each pool in `loadBalancing.pools`, or each of its `blocks`, has `start` and `stop`, or `cidr`. A block of a CiliumLoadBalancerIPPool accepts one or the other (https://docs.cilium.io/en/stable/network/lb-ipam/).",
  severity: "error",
  check: (settings) => [
    ...settings.loadBalancing.pools.flatMap(({ start, stop, cidr, blocks }, index) => {
      const given = keysIn({ start, stop, cidr });
      return problemIf(blocks !== undefined && given.length > 0, {
        path: `loadBalancing.pools.${index}`,
        wrong: `a pool with blocks has no range of its own (${given.join(", ")} given)`,
        fix: "move them into a block",
      });
    }),
    ...poolBlocks(settings).flatMap(({ path, pool, block: { start, stop, cidr } }) => {
      const given = keysIn({ start, stop, cidr });
      return problemIf(given.join() !== "start,stop" && given.join() !== "cidr", {
        path,
        wrong: `a ${path === pool ? "pool" : "block"} has start and stop, or cidr (${given.join(", ") || "none of them"} given)`,
        fix: "write start and stop for a range, cidr for a whole CIDR",
      });
    }),
  ],
};

function keysIn(object: object): string[] {
  return Object.entries(object)
    .filter(([, value]) => value !== undefined)
    .map(([key]) => key);
}

export const poolStartBeforeStop: Rule = {
  name: "pool-start-before-stop",
  description:
    "`start` of a pool does not come after its `stop`. Cilium accepts a reversed pool and then has no address to give (operator/pkg/lbipam).",
  severity: "error",
  check: (settings) =>
    poolBlocks(settings).flatMap(({ path, block: { start, stop } }) => {
      if (start === undefined || stop === undefined) return [];
      return problemIf(familyOf(start) === familyOf(stop) && precedes(stop, start), {
        path,
        wrong: `it stops before it starts (${describeRange({ start, stop })})`,
        fix: `did you mean ${describeRange({ start: stop, stop: start })}?`,
      });
    }),
};

export const poolEndsSameFamily: Rule = {
  name: "pool-ends-same-family",
  description:
    "`start` and `stop` of a pool are of the same IP family. There is no range from an IPv4 to an IPv6 address.",
  severity: "error",
  check: (settings) =>
    poolBlocks(settings).flatMap(({ path, block: { start, stop } }) => {
      if (start === undefined || stop === undefined) return [];
      return problemIf(familyOf(start) !== familyOf(stop), {
        path,
        wrong: `its ends are of two families (${describeRange({ start, stop })})`,
        fix: "make it two, one of each family",
      });
    }),
};

export const poolFamilyMatchesPods: Rule = {
  name: "pool-family-matches-pods",
  description:
    "Each pool is of an IP family that `network.podCidrs` has. Services have no address of another family (https://docs.cilium.io/en/stable/network/lb-ipam/, families).",
  severity: "error",
  check: (settings) => {
    const families = new Set(podClaims(settings).map(({ range }) => range.family));
    return poolClaims(settings).flatMap(({ path, range: { family }, text }) =>
      problemIf(!families.has(family), {
        path,
        wrong: `the cluster has no ${family} addresses (${text})`,
        fix: `add an ${family} pod CIDR and service CIDR, or remove the pool`,
      }),
    );
  },
};

export const poolCidrCanonical = canonical({
  name: "pool-cidr-canonical",
  description:
    "`cidr` of a pool has no host bits set. With host bits it could mean the whole CIDR or a range that starts at the address.",
  claims: poolClaims,
});

export const poolNamesUnique = uniqueNames({
  name: "pool-names-unique",
  description:
    "Each pool has a name of its own. Two pools with one name would be one CiliumLoadBalancerIPPool.",
  path: "loadBalancing.pools",
  names: ({ loadBalancing }) => loadBalancing.pools.map(({ name }) => name),
});

/** Ranges that a message suggests at most. */
const RANGES_SHOWN = 8;

export const poolContainsNoNode: Rule = {
  name: "pool-contains-no-node",
  description:
    "No pool contains a node's address. A Service could get it, two machines would answer ARP for it, and from Cilium 1.19 to 1.19.4 the node would be cut off (https://github.com/cilium/cilium/issues/44430).",
  severity: "error",
  check: (settings) => {
    const nodesByPool = new Map<AddressClaim, AddressClaim[]>();
    for (const [pool, node] of overlappingPairs(poolClaims(settings), nodeClaims(settings))) {
      nodesByPool.set(pool, [...(nodesByPool.get(pool) ?? []), node]);
    }
    return [...nodesByPool].map(([{ path, range, text }, nodes]) => {
      const lan = lanOf(settings, range.family);
      const free = without(range, [
        ...[...nodeClaims(settings), ...gatewayClaims(settings), ...dhcpClaims(settings)].map(
          (claim) => claim.range,
        ),
        // Of an IPv4 LAN, its own address and that of broadcasts.
        ...(lan?.range.family === "IPv4" ? [single(lan.range.start), single(lan.range.stop)] : []),
      ]);
      const [first] = nodes;
      const others = nodes.length > 1 ? ` and ${count(nodes.length - 1, "other node")}` : "";
      const ranges = firstOf(free.map(describeRange), RANGES_SHOWN);
      return {
        path,
        wrong: `${text} contains ${first?.path} (${first?.text})${others}`,
        fix:
          free.length === 0
            ? ANOTHER_RANGE
            : `leave the nodes out: ${ranges}${free.length > 1 ? " (a pool takes several as blocks)" : ""}`,
      };
    });
  },
};

export const poolContainsNoGateway = disjoint({
  name: "pool-contains-no-gateway",
  description:
    "No pool contains `lan.gateway`. A node would answer ARP for the router's address, and the LAN would lose its way out.",
  claims: poolClaims,
  others: gatewayClaims,
  fix: ANOTHER_RANGE,
});

export const poolOutsideDhcp = disjoint({
  name: "pool-outside-dhcp",
  description:
    "No pool overlaps `lan.dhcp`. DHCP would give a Service's address to another machine.",
  claims: poolClaims,
  others: dhcpClaims,
  fix: "shorten the DHCP range, or use another range for the pool",
});

export const poolOutsidePodCidr = disjoint({
  name: "pool-outside-pod-cidr",
  description:
    "No pool overlaps `network.podCidrs`. Packets to a Service in the overlap would be routed to a node, as those to a pod are.",
  claims: poolClaims,
  others: podClaims,
  fix: ANOTHER_RANGE,
});

export const poolOutsideServiceCidr = disjoint({
  name: "pool-outside-service-cidr",
  description:
    "No pool overlaps `network.serviceCidrs`. An address in the overlap could be the cluster IP of another Service, and would be translated inside the cluster.",
  claims: poolClaims,
  others: serviceClaims,
  fix: ANOTHER_RANGE,
});

export const poolsDisjoint = mutuallyDisjoint({
  name: "pools-disjoint",
  description:
    "No two pools overlap. Cilium would disable the later one (https://docs.cilium.io/en/stable/network/lb-ipam/, conflicts).",
  claims: poolClaims,
  fix: "use two ranges that do not overlap",
});

export const poolInsideLan: Rule = {
  name: "pool-inside-lan",
  description:
    "Each pool is in `lan.cidr` where only `loadBalancing.policies` announce it. Machines on the LAN send ARP requests for addresses of the LAN only; a pool that BGP advertises may be anywhere.",
  severity: "error",
  check: (settings) =>
    l2PoolClaims(settings).flatMap(({ path, range, text }) => {
      const lan = lanOf(settings, range.family);
      return problemIf(lan !== undefined && !contains(lan.range, range), {
        path,
        wrong: `it is not in ${lan?.path}, where its addresses are announced (${text}, ${lan?.text})`,
        fix: "use a range of the LAN, or advertise it by BGP (LoadBalancerIP in bgp.advertise, and a peer)",
      });
    }),
};

const L2_IPV6_SINCE = "1.19.0-0";

export const l2Ipv6NeedsCilium: Rule = {
  name: "l2-ipv6-needs-cilium-1-19",
  description:
    "A pool of IPv6 addresses that only `loadBalancing.policies` announce needs Cilium 1.19. Older agents answer no neighbour solicitation (https://github.com/cilium/cilium/issues/28985).",
  severity: "error",
  check: (settings) =>
    l2PoolClaims(settings).flatMap(({ path, range, text }) =>
      problemIf(
        range.family === "IPv6" &&
          !isAdvertised(settings) &&
          semver.lt(settings.cilium.version, L2_IPV6_SINCE),
        {
          path,
          wrong: `Cilium ${settings.cilium.version} announces no IPv6 address by L2 (${text})`,
          fix: "take Cilium 1.19 or newer, or advertise it by BGP, or remove the pool",
        },
      ),
    ),
};

export const poolWithoutNetworkOrBroadcastAddress: Rule = {
  name: "pool-without-network-or-broadcast-address",
  description:
    "No pool contains the network or broadcast address of `lan.cidr`. No Service can be reached at one of them.",
  severity: "error",
  check: (settings) => {
    const lan = lanOf(settings, "IPv4");
    return poolClaims(settings).flatMap(({ path, range, text }) => {
      const found = networkOrBroadcastAddress(lan, range);
      return problemIf(found !== undefined, {
        path,
        wrong: `${text} contains the LAN's ${found}`,
        fix: "leave that address out",
      });
    });
  },
};

export const poolNotReserved = notReserved({
  name: "pool-not-reserved",
  description:
    "No pool contains loopback, link-local or multicast addresses. No Service can be reached at such an address from the LAN (RFC 6890).",
  claims: poolClaims,
  fix: ANOTHER_RANGE,
});
