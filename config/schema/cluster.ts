import { delimiter } from "node:path";
import { z } from "zod";
import { address, cidr, port, version } from "./types";

export const cluster = z
  .strictObject({
    name: z
      .string()
      .describe(
        "Name of the cluster in Cilium (chart, cluster.name): 1 to 32 lower-case letters, digits and inner hyphens. Unique among the project's stacks.",
      ),
    id: z
      .int()
      .describe(
        "Number of the cluster in Cilium (chart, cluster.id): 1 to 255, or to 511 by maxConnectedClusters. Unique among the project's stacks, as clusters that share an id can never be meshed. 0, Cilium's default, is for a cluster that already runs with it: a change restarts every workload.",
      ),
    maxConnectedClusters: z
      .literal([255, 511])
      .default(255)
      .describe(
        "Largest id of a cluster; 511 leaves half as many identities to each cluster (chart, clustermesh.maxConnectedClusters). A running cluster keeps the one it has.",
      ),
    kubernetes: version
      .optional()
      .describe(
        "Version of Kubernetes, which the compatibility rules check; default: not checked.",
      ),
    talos: version
      .optional()
      .describe(
        "Version of Talos, which decides the form of the machine-config patch; default: the classic form.",
      ),
    kubeconfig: z
      .string()
      .min(1)
      // The Kubernetes provider takes it for one path, and the steps would take it for several.
      .refine((path) => !path.includes(delimiter), {
        error: "several paths; name one file, or leave it out and set KUBECONFIG to them",
      })
      .optional()
      .describe("Path of the kubeconfig; default: the one in KUBECONFIG, else ~/.kube/config."),
    context: z
      .string()
      .min(1)
      .optional()
      .describe("Context in the kubeconfig; default: its current context."),
    uid: z
      .guid({ error: "not a UID; kubectl get namespace kube-system -o jsonpath={.metadata.uid}" })
      .optional()
      .describe(
        "UID of the cluster, that of its namespace kube-system. It lets through this one cluster, though its nodes, name, id or pod CIDRs are not the stack's, or it is another one than last time, and no other cluster. What would then change in it, cilium.allowChanges allows. Default: the program recognises the cluster by these.",
      ),
  })
  .describe("The cluster, and how the program reaches it.");

export const nodes = z
  .strictObject({
    controlPlanes: z
      .array(address)
      .min(1)
      .describe("Addresses of the control planes: each node's own address, never a virtual one."),
    workers: z
      .array(address)
      .default([])
      .describe("Addresses of the workers; default: no workers."),
  })
  .describe(
    "The nodes' addresses on the LAN. Their number decides the number of Cilium's operators, and no pool may contain one of them.",
  );

export const lan = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .optional()
      .describe(
        "Name of the LAN, for sites whose LANs have the same CIDR and are not connected; default: LANs whose CIDRs overlap count as one.",
      ),
    cidr: cidr.optional().describe("CIDR of the LAN; default: not checked."),
    gateway: address.optional().describe("Address of the LAN's router; default: not checked."),
    dhcp: z
      .strictObject({
        start: address.describe("First address that the DHCP server gives out."),
        stop: address.describe("Last address that the DHCP server gives out."),
      })
      .optional()
      .describe("Range that a DHCP server gives out; default: not checked."),
    ipv6: z
      .strictObject({
        cidr: z.cidrv6().meta({ format: "IPv6 CIDR" }).describe("IPv6 CIDR of the LAN."),
        gateway: z
          .ipv6()
          .meta({ format: "IPv6 address" })
          .optional()
          .describe("IPv6 address of the LAN's router; default: not checked."),
      })
      .optional()
      .describe(
        "IPv6 on a LAN of both families, whose cidr is its IPv4 CIDR; default: not checked.",
      ),
  })
  .prefault({})
  .describe("The nodes' LAN. Only the rules use it.");

export const kubePrism = z
  .strictObject({
    host: z
      .string()
      .min(1)
      .default("localhost")
      .describe(
        "Host at which Cilium's pods reach KubePrism (Talos: it listens on localhost only).",
      ),
    port: port
      .default(7445)
      .describe("TCP port of KubePrism (Talos, machine.features.kubePrism.port; Omni sets 7445)."),
  })
  .prefault({})
  .describe("KubePrism, Talos' load balancer for the Kubernetes API, which runs on every node.");

export const talos = z
  .strictObject({
    forwardKubeDnsToHost: z
      .boolean()
      .default(true)
      .describe(
        "Whether kube-dns forwards its queries to Talos' resolver on the host (Talos, machine.features.hostDNS.forwardKubeDNSToHost; on by default since Talos 1.8).",
      ),
    masquerade: z
      .boolean()
      .default(true)
      .describe(
        "Whether pods leave the cluster with their node's address (chart, enableIPv4Masquerade and enableIPv6Masquerade). Off, the LAN must have routes to the pods.",
      ),
    bpfMasquerade: z
      .boolean()
      .default(true)
      .describe("Whether Cilium masquerades in eBPF instead of iptables (chart, bpf.masquerade)."),
    hostLegacyRouting: z
      .boolean()
      .default(true)
      .describe(
        "Whether pods' packets pass through the host's network stack (chart, bpf.hostLegacyRouting). Safe while forwardKubeDnsToHost and bpfMasquerade are true (https://github.com/siderolabs/talos/issues/10002).",
      ),
  })
  .prefault({})
  .describe("Settings of Talos and Cilium that must agree with each other.");
