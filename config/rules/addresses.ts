import { canonicalCidrOf, cidrRange, overlaps, precedes } from "../addresses";
import type { Problem } from "../configError";
import type { Settings } from "../schema";
import type { Rule } from "./rule";

/** A CIDR has no host bits: Kubernetes, Talos and Cilium would each read such a one in their own way. */
export const canonicalCidr: Rule = {
  name: "canonical-cidr",
  check({ podNetwork: { cidr } }) {
    const canonical = canonicalCidrOf(cidr);
    if (cidr === canonical) return [];
    return [
      {
        path: "podNetwork.cidr",
        wrong: `host bits are set (${cidr})`,
        fix: `did you mean ${canonical}?`,
      },
    ];
  },
};

/** Nodes have no address out of the pod CIDR: the route to the node would be the route to a pod. */
export const podCidrApartFromNodes: Rule = {
  name: "pod-cidr-apart-from-nodes",
  check(settings) {
    const pods = cidrRange(settings.podNetwork.cidr);
    return nodeAddresses(settings)
      .filter(({ address }) => overlaps(pods, { start: address, stop: address }))
      .map(({ path, address }) => ({
        path: "podNetwork.cidr",
        wrong: `${settings.podNetwork.cidr} contains ${path} (${address})`,
        fix: "take a pod CIDR apart from the LAN, the one of cluster.network.podSubnets in Talos",
      }));
  },
};

/** A pool starts before it stops: Cilium accepts a reversed one and then has no address to give. */
export const poolOrder: Rule = {
  name: "pool-order",
  check({ loadBalancing: { pool } }) {
    if (!precedes(pool.stop, pool.start)) return [];
    return [
      {
        path: "loadBalancing.pool",
        wrong: `it stops before it starts (${pool.start} to ${pool.stop})`,
        fix: `did you mean ${pool.stop} to ${pool.start}?`,
      },
    ];
  },
};

/** The pool holds no address that is a node's or a pod's: two machines would answer ARP for it. */
export const poolApart: Rule = {
  name: "pool-apart",
  check(settings) {
    const { pool } = settings.loadBalancing;
    const problems: Problem[] = nodeAddresses(settings)
      .filter(({ address }) => overlaps(pool, { start: address, stop: address }))
      .map(({ path, address }) => ({
        path: "loadBalancing.pool",
        wrong: `${pool.start} to ${pool.stop} contains ${path} (${address})`,
        fix: "take a range of the LAN that nothing else uses",
      }));
    if (overlaps(pool, cidrRange(settings.podNetwork.cidr))) {
      problems.push({
        path: "loadBalancing.pool",
        wrong: `${pool.start} to ${pool.stop} overlaps podNetwork.cidr (${settings.podNetwork.cidr})`,
        fix: "take a range of the LAN that nothing else uses",
      });
    }
    return problems;
  },
};

function nodeAddresses({ nodes }: Settings): { path: string; address: string }[] {
  return (["controlPlanes", "workers"] as const).flatMap((role) =>
    nodes[role].map((address, index) => ({ path: `nodes.${role}.${index}`, address })),
  );
}
