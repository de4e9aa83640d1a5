import { z } from "zod";
import { cidr } from "./types";

/** The addresses of pods and Services. */
export const network = z
  .strictObject({
    podCidrs: z
      .array(cidr)
      .min(1)
      .max(2)
      .describe(
        "Pod CIDRs, one of each family at most, as in Talos' cluster.network.podSubnets. They decide whether IPv4, IPv6 or both are on.",
      ),
    serviceCidrs: z
      .array(cidr)
      .max(2)
      .default(["10.96.0.0/12"])
      .describe(
        "Service CIDRs, as in Talos' cluster.network.serviceSubnets, whose default is 10.96.0.0/12.",
      ),
    nodeCidrMaskSizes: z
      .strictObject({
        ipv4: z.int().min(16).max(30).default(24).describe("Prefix length for IPv4."),
        ipv6: z.int().min(64).max(124).default(64).describe("Prefix length for IPv6."),
      })
      .prefault({})
      .describe(
        "Prefix length of each node's part of the pod CIDR (kube-controller-manager, node-cidr-mask-size-ipv4 and -ipv6).",
      ),
  })
  .describe("The addresses of pods and Services.");

/** How packets get from node to node. */
export const routing = z
  .strictObject({
    mode: z
      .enum(["native", "tunnel"])
      .default("native")
      .describe("native: the LAN carries the pods' own addresses; tunnel: they are encapsulated."),
    tunnelProtocol: z
      .enum(["vxlan", "geneve"])
      .default("vxlan")
      .describe("Encapsulation, in tunnel mode (chart, tunnelProtocol)."),
    routes: z
      .enum(["cilium", "bgp", "network"])
      .default("cilium")
      .describe(
        "Who installs the routes to other nodes' pods, in native mode: Cilium on every node (autoDirectNodeRoutes, needs one shared L2), BGP, or the network itself.",
      ),
    skipUnreachable: z
      .boolean()
      .default(false)
      .describe(
        "Leave out routes to nodes that are not on the same L2, instead of failing (chart, directRoutingSkipUnreachable).",
      ),
    devices: z
      .array(z.string().min(1))
      .default([])
      .describe(
        "Interfaces for Cilium's datapath, each a name or a prefix with a trailing +, which is no regular expression; default: Cilium finds them, siderolink among them (chart, devices).",
      ),
    mtu: z
      .int()
      .min(1280)
      .max(65535)
      .optional()
      .describe(
        "MTU of the pods' interfaces, bytes; default: the smallest of the devices (chart, MTU).",
      ),
  })
  .prefault({})
  .describe("How packets get from node to node.");

/** Whether Cilium replaces kube-proxy. */
export const kubeProxyReplacement = z
  .boolean()
  .default(true)
  .describe(
    "Whether Cilium does kube-proxy's work (chart, kubeProxyReplacement). Talos must then have cluster.proxy.disabled: true.",
  );

/** Encryption between nodes. */
export const encryption = z
  .strictObject({
    type: z
      .enum(["none", "wireguard", "ipsec"])
      .default("none")
      .describe(
        "How traffic between pods on different nodes is encrypted (chart, encryption.type).",
      ),
    nodeEncryption: z
      .boolean()
      .default(false)
      .describe(
        "Encrypt traffic between the nodes themselves, too; WireGuard only (chart, encryption.nodeEncryption).",
      ),
    ipsecSecretName: z
      .string()
      .min(1)
      .default("cilium-ipsec-keys")
      .describe(
        "Secret in kube-system that holds the IPsec keys (chart, encryption.ipsec.secretName).",
      ),
  })
  .prefault({})
  .describe("Encryption of the traffic between nodes.");

/** Fair queueing and congestion control for pods. */
export const bandwidthManager = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe("Whether pods' bandwidth limits are enforced (chart, bandwidthManager.enabled)."),
    bbr: z
      .boolean()
      .default(false)
      .describe(
        "BBR congestion control for pods, needs eBPF host routing (chart, bandwidthManager.bbr).",
      ),
  })
  .prefault({})
  .describe("Cilium's bandwidth manager.");
