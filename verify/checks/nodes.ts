import { cidrRange, contains, familyOf, overlaps, single } from "../../config";
import { internalIps } from "../../kubernetes/nodeStatus";
import { type Check, count, type Finding, notApplicable, unknown, verdict } from "./check";

/** With native routes that Cilium installs, every node's address is on one LAN. */
export const nodesOnOneLan: Check = {
  name: "nodes-on-one-lan",
  title: "the nodes' addresses are on one L2 network, as direct routes need",
  judge: ({ nodes }, { routing, lan }) => {
    if (routing.mode !== "native" || routing.routes !== "cilium") {
      return notApplicable("no direct routes are installed");
    }
    if (lan.cidr === undefined) return unknown("lan.cidr is not set");
    const { cidr } = lan;
    const range = cidrRange(cidr);
    const findings = nodes.flatMap((node): Finding[] => {
      const addresses = internalIps(node).filter((ip) => familyOf(ip) === familyOf(cidr));
      const outside = addresses.filter((ip) => !contains(range, single(ip)));
      if (addresses.length > 0 && outside.length === 0) return [];
      return [
        {
          seen: `${node.metadata?.name} has ${outside.join(", ") || "no such address"}`,
          expected: `an address in ${cidr}`,
          next: "set machine.kubelet.nodeIP.validSubnets in Talos, or routing.mode: tunnel",
        },
      ];
    });
    return verdict(findings, `${count(nodes.length, "node")} in ${cidr}`);
  },
};

/** Every node's pods have addresses of their own in the pod CIDR that Cilium routes. */
export const nodePodCidrs: Check = {
  name: "node-pod-cidrs",
  title: "every node has a pod CIDR of its own inside the configured one",
  judge: ({ nodes }, { network }) => {
    const expected = `inside ${network.podCidrs.join(", ")}`;
    const next =
      "make cluster.network.podSubnets of Talos and network.podCidrs one: npm run -s talos-patch -- --stack NAME";
    const owned = nodes.flatMap(({ metadata, spec }) =>
      (spec?.podCIDRs ?? []).map((cidr) => ({ node: metadata?.name ?? "", cidr })),
    );
    const findings: Finding[] = [
      ...nodes
        .filter(({ spec }) => (spec?.podCIDRs ?? []).length < network.podCidrs.length)
        .map(({ metadata, spec }) => ({
          seen: `${metadata?.name} has ${spec?.podCIDRs?.join(", ") ?? "no pod CIDR"}`,
          expected: `${count(network.podCidrs.length, "pod CIDR")} ${expected}`,
          next,
        })),
      ...owned
        .filter(
          ({ cidr }) =>
            !network.podCidrs.some((whole) => contains(cidrRange(whole), cidrRange(cidr))),
        )
        .map(({ node, cidr }) => ({ seen: `${node} has ${cidr}`, expected, next })),
      ...shared(owned).map(({ node, cidr, other }) => ({
        seen: `${node} and ${other} share ${cidr}`,
        expected: "a pod CIDR for each node",
        next: "delete and re-register one of the two nodes",
      })),
    ];
    return verdict(findings, `${count(owned.length, "pod CIDR")} ${expected}`);
  },
};

/** Pairs of nodes whose pod CIDRs overlap. */
function shared(owned: readonly { node: string; cidr: string }[]) {
  return owned.flatMap(({ node, cidr }, index) => {
    const other = owned
      .slice(index + 1)
      .find(
        (candidate) =>
          candidate.cidr === cidr || overlaps(cidrRange(candidate.cidr), cidrRange(cidr)),
      );
    return other === undefined ? [] : [{ node, cidr, other: other.node }];
  });
}

/** KubePrism of every node reaches API servers, as Talos itself says. */
export const kubePrismStatuses: Check = {
  name: "kubeprism",
  title: "KubePrism of every node has healthy API servers",
  judge: ({ kubePrism }) => {
    if (kubePrism === undefined) {
      return notApplicable("give --talos-context to have talosctl asked");
    }
    const findings = [...kubePrism]
      .filter(([, healthy]) => !healthy)
      .map(([node]) => ({
        seen: `${node}: not healthy`,
        expected: "healthy",
        next: `talosctl -n ${node} get kubeprismstatuses,kubeprismendpoints; on: machine.features.kubePrism`,
      }));
    return verdict(findings, `${count(kubePrism.size, "node")} healthy`);
  },
};
