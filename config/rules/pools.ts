import { contains, describeRange, familyOf, precedes } from "../addresses";
import {
  dhcpClaims,
  gatewayClaims,
  lanClaims,
  nodeClaims,
  podClaims,
  poolClaims,
  serviceClaims,
} from "../addressPlan";
import { canonical, disjoint, mutuallyDisjoint, notReserved, uniqueNames } from "./factories";
import { networkOrBroadcastAddress } from "./network";
import { problemIf, type Rule } from "./rule";

const ANOTHER_RANGE = "use a range of the LAN that nothing else uses";

export const poolRangeOrCidr: Rule = {
  name: "pool-range-or-cidr",
  description:
    "Each pool in `loadBalancing.pools` has `start` and `stop`, or `cidr`. A CiliumLoadBalancerIPPool accepts one or the other.",
  severity: "error",
  check: ({ loadBalancing: { pools } }) =>
    pools.flatMap(({ start, stop, cidr }, index) => {
      const given = Object.entries({ start, stop, cidr })
        .filter(([, value]) => value !== undefined)
        .map(([key]) => key);
      return problemIf(given.join() !== "start,stop" && given.join() !== "cidr", {
        path: `loadBalancing.pools.${index}`,
        wrong: `a pool has start and stop, or cidr (${given.join(", ") || "none of them"} given)`,
        fix: "write start and stop for a range, cidr for a whole CIDR",
      });
    }),
};

export const poolStartBeforeStop: Rule = {
  name: "pool-start-before-stop",
  description:
    "`start` of a pool does not come after its `stop`. Cilium accepts a reversed pool and then has no address to give.",
  severity: "error",
  check: ({ loadBalancing: { pools } }) =>
    pools.flatMap(({ start, stop }, index) => {
      if (start === undefined || stop === undefined) return [];
      return problemIf(familyOf(start) === familyOf(stop) && precedes(stop, start), {
        path: `loadBalancing.pools.${index}`,
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
  check: ({ loadBalancing: { pools } }) =>
    pools.flatMap(({ start, stop }, index) => {
      if (start === undefined || stop === undefined) return [];
      return problemIf(familyOf(start) !== familyOf(stop), {
        path: `loadBalancing.pools.${index}`,
        wrong: `its ends are of two families (${describeRange({ start, stop })})`,
        fix: "make it two pools, one of each family",
      });
    }),
};

export const poolFamilyMatchesPods: Rule = {
  name: "pool-family-matches-pods",
  description:
    "Each pool is of an IP family that `network.podCidrs` has. Services have no address of another family.",
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

export const poolContainsNoNode = disjoint({
  name: "pool-contains-no-node",
  description: "No pool contains a node's address. Two machines would answer ARP for that address.",
  claims: poolClaims,
  others: nodeClaims,
  fix: ANOTHER_RANGE,
});

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
    "No two pools overlap. Cilium would disable the later one (condition cilium.io/PoolConflict).",
  claims: poolClaims,
  fix: "use two ranges that do not overlap",
});

export const poolInsideLan: Rule = {
  name: "pool-inside-lan",
  description:
    "Each pool is in `lan.cidr` where `loadBalancing.policies` announce it. Machines on the LAN send ARP requests for addresses of the LAN only.",
  severity: "error",
  check: (settings) => {
    const [lan] = lanClaims(settings);
    if (lan === undefined || settings.loadBalancing.policies.length === 0) return [];
    return poolClaims(settings).flatMap(({ path, range, text }) =>
      problemIf(range.family === lan.range.family && !contains(lan.range, range), {
        path,
        wrong: `it is not in lan.cidr, where its addresses are announced (${text}, ${lan.text})`,
        fix: "use a range of the LAN, or announce it by BGP and leave loadBalancing.policies out",
      }),
    );
  },
};

export const poolWithoutNetworkOrBroadcastAddress: Rule = {
  name: "pool-without-network-or-broadcast-address",
  description:
    "No pool contains the network or broadcast address of `lan.cidr`. No Service can be reached at one of them.",
  severity: "error",
  check: (settings) => {
    const [lan] = lanClaims(settings);
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
