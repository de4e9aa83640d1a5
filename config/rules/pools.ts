import { contains, familyOf, precedes } from "../addresses";
import {
  dhcpOwner,
  gatewayOwner,
  lanOwner,
  nodeOwners,
  podOwners,
  poolOwners,
  serviceOwners,
} from "../addressPlan";
import { apart, canonical, notSpecial, uniqueNames } from "./factories";
import { atTheEdge } from "./network";
import { problem, problemIf, type Rule } from "./rule";

const ANOTHER_RANGE = "take a range of the LAN that nothing else uses";

/** A pool is start and stop, or a CIDR. */
export const poolShape: Rule = {
  name: "pool-shape",
  check: ({ loadBalancing: { pools } }) =>
    pools.flatMap(({ start, stop, cidr }, index) => {
      const given = Object.entries({ start, stop, cidr }).flatMap(([key, value]) =>
        value === undefined ? [] : [key],
      );
      return problemIf(
        given.join() !== "start,stop" && given.join() !== "cidr",
        `loadBalancing.pools.${index}`,
        `a pool is start and stop, or a CIDR (${given.join(", ") || "none of them"} given)`,
        "write start and stop for a range, cidr for a whole CIDR",
      );
    }),
};

/** A pool starts before it stops: Cilium takes a reversed one and then has no address to give. */
export const poolOrder: Rule = {
  name: "pool-order",
  check: ({ loadBalancing: { pools } }) =>
    pools.flatMap(({ start, stop }, index) =>
      problemIf(
        start !== undefined &&
          stop !== undefined &&
          familyOf(start) === familyOf(stop) &&
          precedes(stop, start),
        `loadBalancing.pools.${index}`,
        `it stops before it starts (${start} to ${stop})`,
        `did you mean ${stop} to ${start}?`,
      ),
    ),
};

/** Both ends of a pool are of one family. */
export const poolEndsOfOneFamily: Rule = {
  name: "pool-ends-of-one-family",
  check: ({ loadBalancing: { pools } }) =>
    pools.flatMap(({ start, stop }, index) =>
      problemIf(
        start !== undefined && stop !== undefined && familyOf(start) !== familyOf(stop),
        `loadBalancing.pools.${index}`,
        `its ends are of two families (${start} to ${stop})`,
        "make it two pools, one of each family",
      ),
    ),
};

/** A pool is of a family that pods have: Services have no other one. */
export const poolFamily: Rule = {
  name: "pool-family",
  check: (settings) => {
    const families = new Set(settings.network.podCidrs.map(familyOf));
    return poolOwners(settings).flatMap(({ path, range, text }) =>
      problemIf(
        !families.has(familyOf(range.start)),
        path,
        `the cluster has no ${familyOf(range.start)} (${text})`,
        `add a pod and a service CIDR of ${familyOf(range.start)}, or take the pool out`,
      ),
    );
  },
};

/** See canonical in makers.ts. */
export const canonicalPoolCidr = canonical("canonical-pool-cidr", poolOwners);

/** See {@link uniqueNames}. */
export const poolNames = uniqueNames("pool-names", "loadBalancing.pools", ({ loadBalancing }) =>
  loadBalancing.pools.map(({ name }) => name),
);

/** Two machines would answer ARP for one address. */
export const poolApartFromNodes = apart(
  "pool-apart-from-nodes",
  poolOwners,
  nodeOwners,
  ANOTHER_RANGE,
);

/** Two machines would answer ARP for the router's address, and the LAN loses its way out. */
export const poolApartFromGateway = apart(
  "pool-apart-from-gateway",
  poolOwners,
  (settings) => [gatewayOwner(settings)],
  ANOTHER_RANGE,
);

/** DHCP would give a Service's address to some machine. */
export const poolApartFromDhcp = apart(
  "pool-apart-from-dhcp",
  poolOwners,
  (settings) => [dhcpOwner(settings)],
  "shorten what DHCP gives out, or take another range",
);

/** A pool of pods' addresses would be routed to a node. */
export const poolApartFromPods = apart(
  "pool-apart-from-pods",
  poolOwners,
  podOwners,
  ANOTHER_RANGE,
);

/** A pool of Services' addresses would be translated within the cluster. */
export const poolApartFromServices = apart(
  "pool-apart-from-services",
  poolOwners,
  serviceOwners,
  ANOTHER_RANGE,
);

/** Pools have no address in common: Cilium would disable the later one (condition PoolConflict). */
export const poolsApart: Rule = {
  name: "pools-apart",
  check: (settings) => {
    const pools = poolOwners(settings);
    return pools.flatMap((pool, index) =>
      apart(
        "",
        () => [pool],
        () => pools.slice(0, index),
        "make the two pools apart from each other",
      ).check(settings),
    );
  },
};

/** An address is announced by ARP on the LAN: one that is not of the LAN is never asked for there. */
export const poolInsideLan: Rule = {
  name: "pool-inside-lan",
  check: (settings) => {
    const lan = lanOwner(settings);
    if (lan === undefined || settings.loadBalancing.policies.length === 0) return [];
    return poolOwners(settings).flatMap(({ path, range, text }) =>
      problemIf(
        familyOf(range.start) === familyOf(lan.text) && !contains(lan.range, range),
        path,
        `it is not in lan.cidr, where its addresses are announced (${text}, ${lan.text})`,
        "take a range of the LAN, or announce it by BGP and leave loadBalancing.policies out",
      ),
    );
  },
};

/** No Service has the LAN's network or broadcast address. */
export const poolNotAtTheEdge: Rule = {
  name: "pool-not-at-the-edge",
  check: (settings) =>
    poolOwners(settings).flatMap(({ path, range, text }) => {
      const edge = atTheEdge(lanOwner(settings), range);
      return edge === undefined
        ? []
        : [problem(path, `${text} contains the LAN's ${edge}`, "leave that address out")];
    }),
};

/** A pool holds no loopback, link-local or multicast address. */
export const poolSpecial = notSpecial("pool-special", poolOwners, ANOTHER_RANGE);
