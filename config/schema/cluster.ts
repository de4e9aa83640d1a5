import { z } from "zod";
import { address, cidr, port, version } from "./types";

/** Which cluster, and how the program reaches it. */
export const cluster = z
  .strictObject({
    name: z
      .string()
      .describe(
        "Cilium's cluster.name: 1 to 32 lower-case letters, digits and inner hyphens, unique among the project's stacks (chart, cluster.name).",
      ),
    id: z
      .int()
      .describe(
        "Cilium's cluster.id, 1 to 255, unique among the project's stacks, since clusters that share one can never be meshed (chart, cluster.id).",
      ),
    kubernetes: version
      .optional()
      .describe("Version of Kubernetes, for the compatibility rules; default: not checked."),
    talos: version
      .optional()
      .describe(
        "Version of Talos, which decides the form of the machine-config patch; default: the classic form.",
      ),
    kubeconfig: z
      .string()
      .min(1)
      .optional()
      .describe("Path of the kubeconfig; default: what KUBECONFIG or ~/.kube/config says."),
    context: z
      .string()
      .min(1)
      .optional()
      .describe("Context within the kubeconfig; default: its current one."),
    uid: z
      .guid({ error: "not a UID; kubectl get namespace kube-system -o jsonpath={.metadata.uid}" })
      .optional()
      .describe(
        "UID of the namespace kube-system of the one cluster that is meant: it lets through a cluster that looks like another one (other nodes, name, id or pod CIDRs than the stack's, or than last time), and no other cluster. Default: the cluster is recognised by these.",
      ),
  })
  .describe("Which cluster, and how the program reaches it.");

/** The nodes. */
export const nodes = z
  .strictObject({
    controlPlanes: z
      .array(address)
      .min(1)
      .describe("Addresses of the control planes, each node's own; none of them is virtual."),
    workers: z.array(address).default([]).describe("Addresses of the workers; default none."),
  })
  .describe(
    "The nodes' addresses on the LAN. They decide the number of operators, and no pool may contain one.",
  );

/** The LAN that the nodes are on. */
export const lan = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .optional()
      .describe(
        "Name of the LAN, for sites whose LANs have one CIDR and are not connected; default: LANs whose CIDRs overlap are one.",
      ),
    cidr: cidr.optional().describe("CIDR of the LAN; default: not checked."),
    gateway: address.optional().describe("Address of the router; default: not checked."),
    dhcp: z
      .strictObject({
        start: address.describe("First address that DHCP gives out."),
        stop: address.describe("Last address that DHCP gives out."),
      })
      .optional()
      .describe("Range that a DHCP server gives out; default: not checked."),
  })
  .prefault({})
  .describe("What else is on the nodes' LAN; the rules alone use it.");

/** Talos' load balancer for the Kubernetes API. */
export const kubePrism = z
  .strictObject({
    host: z
      .string()
      .min(1)
      .default("localhost")
      .describe("Host that Cilium's pods reach it at (Talos: it listens on localhost only)."),
    port: port
      .default(7445)
      .describe("TCP port (Talos: machine.features.kubePrism.port, Omni sets 7445)."),
  })
  .prefault({})
  .describe("KubePrism, the load balancer for the Kubernetes API on every Talos node.");

/** What Talos does that Cilium must go along with. */
export const talos = z
  .strictObject({
    forwardKubeDnsToHost: z
      .boolean()
      .default(true)
      .describe(
        "Whether Talos answers for kube-dns on its host DNS (machine.features.hostDNS.forwardKubeDNSToHost; on by default since Talos 1.8).",
      ),
    bpfMasquerade: z
      .boolean()
      .default(true)
      .describe("Masquerade in eBPF rather than in iptables (chart, bpf.masquerade)."),
    hostLegacyRouting: z
      .boolean()
      .default(true)
      .describe(
        "Route through the host's network stack. Needed while Talos answers for kube-dns and eBPF masquerades (https://github.com/siderolabs/talos/issues/10002).",
      ),
  })
  .prefault({})
  .describe("Switches of Talos and Cilium that only work together.");
