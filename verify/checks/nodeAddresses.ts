import {
  type AddressRange,
  cidrRange,
  contains,
  count,
  familyOf,
  overlaps,
  single,
} from "../../config";
import { internalIps } from "../../kubernetes/nodeStatus";
import { defineCheck, type Finding, notApplicable, passedUnless, unknown } from "./check";

/** Cilium's direct routes have other nodes as next hops, so all nodes must be on one L2 network. */
export const nodesOnOneLan = defineCheck({
  name: "nodes-on-one-lan",
  title: "every node has an address on the LAN, as direct routes need",
  judge: ({ nodes }, { routing, lan }) => {
    if (routing.mode !== "native" || routing.routes !== "cilium") {
      return notApplicable("Cilium installs no direct routes (routing.mode, routing.routes)");
    }
    if (lan.cidr === undefined) return unknown("lan.cidr is not set");
    const { cidr } = lan;
    const range = cidrRange(cidr);
    const findings = nodes.flatMap((node): Finding[] => {
      const family = familyOf(cidr);
      const addresses = internalIps(node).filter((ip) => familyOf(ip) === family);
      const outside = addresses.filter((ip) => !contains(range, single(ip)));
      if (addresses.length > 0 && outside.length === 0) return [];
      return [
        {
          seen: `${node.metadata?.name} has ${outside.join(", ") || `no ${family} address`}`,
          expected: `an address in ${cidr}`,
          next: "set machine.kubelet.nodeIP.validSubnets in Talos, or routing.mode: tunnel",
        },
      ];
    });
    return passedUnless(findings, `${count(nodes.length, "node")} in ${cidr}`);
  },
});

/** Cilium routes the configured pod CIDRs only, and to one node each. */
export const nodePodCidrs = defineCheck({
  name: "node-pod-cidrs",
  title: "every node has a pod CIDR of its own inside each configured one",
  judge: ({ nodes }, { network }) => {
    const expected = `inside ${network.podCidrs.join(", ")}`;
    const next =
      "make Talos' cluster.network.podSubnets the same as network.podCidrs: npm run -s talos-patch -- --stack NAME";
    const assigned = nodes.flatMap(({ metadata, spec }) =>
      (spec?.podCIDRs ?? []).map((cidr) => ({
        node: metadata?.name ?? "",
        cidr,
        range: cidrRange(cidr),
      })),
    );
    const configured = network.podCidrs.map(cidrRange);
    const findings: Finding[] = [
      ...nodes
        .filter(({ spec }) => (spec?.podCIDRs ?? []).length < network.podCidrs.length)
        .map(({ metadata, spec }) => ({
          seen: `${metadata?.name} has ${spec?.podCIDRs?.join(", ") ?? "no pod CIDR"}`,
          expected: `${count(network.podCidrs.length, "pod CIDR")} ${expected}`,
          next,
        })),
      ...assigned
        .filter(({ range }) => !configured.some((whole) => contains(whole, range)))
        .map(({ node, cidr }) => ({ seen: `${node} has ${cidr}`, expected, next })),
      ...overlappingPairs(assigned).map(({ node, cidr, other }) => ({
        seen: `${node} and ${other} share ${cidr}`,
        expected: "a pod CIDR of its own for each node",
        next: "delete and re-register one of the two nodes",
      })),
    ];
    return passedUnless(findings, `${count(assigned.length, "pod CIDR")} ${expected}`);
  },
});

function overlappingPairs(
  assigned: readonly { node: string; cidr: string; range: AddressRange }[],
) {
  return assigned.flatMap(({ node, cidr, range }, index) => {
    const other = assigned.slice(index + 1).find((candidate) => overlaps(candidate.range, range));
    return other === undefined ? [] : [{ node, cidr, other: other.node }];
  });
}
