import { z } from "zod";
import { cidr } from "./types";

export const network = z
  .strictObject({
    podCidrs: z
      .array(cidr)
      .min(1)
      .max(2)
      .describe(
        "Pod CIDRs, at most one of each IP family, the same as in Talos' cluster.network.podSubnets. They decide whether IPv4, IPv6 or both are on.",
      ),
    serviceCidrs: z
      .array(cidr)
      .max(2)
      .default(["10.96.0.0/12"])
      .describe(
        "Service CIDRs, the same as in Talos' cluster.network.serviceSubnets, whose default is 10.96.0.0/12.",
      ),
    nativeRoutingCidrs: z
      .array(cidr)
      .max(2)
      .optional()
      .describe(
        "CIDRs whose addresses native routing does not masquerade, one of each family that pods have, such as a whole private network; default: podCidrs (chart, ipv4NativeRoutingCIDR and ipv6NativeRoutingCIDR).",
      ),
    nodeCidrMaskSizes: z
      .strictObject({
        ipv4: z
          .int()
          .min(16)
          .max(30)
          .default(24)
          .describe("Prefix length of a node's part of the IPv4 pod CIDR."),
        ipv6: z
          .int()
          .min(64)
          .max(124)
          .default(64)
          .describe("Prefix length of a node's part of the IPv6 pod CIDR."),
      })
      .prefault({})
      .describe(
        "Size of the part of a pod CIDR that each node gets (kube-controller-manager, node-cidr-mask-size-ipv4 and -ipv6).",
      ),
  })
  .describe("Addresses of pods and Services.");

export const routing = z
  .strictObject({
    mode: z
      .enum(["native", "tunnel"])
      .default("native")
      .describe(
        "native: packets travel with the pods' own addresses; tunnel: they are encapsulated (chart, routingMode).",
      ),
    tunnelProtocol: z
      .enum(["vxlan", "geneve"])
      .default("vxlan")
      .describe("Encapsulation in tunnel mode (chart, tunnelProtocol)."),
    routes: z
      .enum(["cilium", "bgp", "network"])
      .default("cilium")
      .describe(
        "Who installs the routes to other nodes' pods in native mode. cilium: Cilium on every node (chart, autoDirectNodeRoutes; all nodes must share one L2). bgp: the routers that learn them by BGP. network: the network itself, without Cilium.",
      ),
    skipUnreachable: z
      .boolean()
      .default(false)
      .describe(
        "Whether Cilium leaves out routes to nodes that are not on the same L2, instead of failing (chart, directRoutingSkipUnreachable).",
      ),
    devices: z
      .array(z.string().min(1))
      .default([])
      .describe(
        "Interfaces of Cilium's datapath: each a name, or a prefix with a trailing +, never a regular expression; default: all that Cilium finds, siderolink among them (chart, devices).",
      ),
    mtu: z
      .int()
      .min(576)
      .max(65535)
      .optional()
      .describe(
        "MTU of the pods' interfaces, in bytes, at least 1280 with IPv6; default: the smallest MTU of the devices (chart, MTU).",
      ),
  })
  .prefault({})
  .describe("How packets get from node to node.");

export const kubeProxyReplacement = z
  .boolean({
    error:
      "neither true nor false, and agents take nothing else; write false where kube-proxy runs",
  })
  .default(true)
  .describe(
    "Whether Cilium replaces kube-proxy (chart, kubeProxyReplacement). Talos must then have cluster.proxy.disabled: true. With kube-proxy kept there is no Gateway API, no L2 announcement, no eBPF host routing and none of loadBalancing.algorithm, mode and acceleration.",
  );

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
        "Whether traffic between the nodes themselves is also encrypted; WireGuard only (chart, encryption.nodeEncryption).",
      ),
    ipsecSecretName: z
      .string()
      .min(1)
      .default("cilium-ipsec-keys")
      .describe(
        "Name of the Secret in kube-system that holds the IPsec keys (chart, encryption.ipsec.secretName).",
      ),
  })
  .prefault({})
  .describe("Encryption of the traffic between nodes.");

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
        "Whether pods use BBR congestion control; needs eBPF host routing (chart, bandwidthManager.bbr).",
      ),
  })
  .prefault({})
  .describe("Cilium's bandwidth manager.");
