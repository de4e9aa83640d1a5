import { z } from "zod";
import { address, cidr, objectName, selector } from "./types";

/** Default of each nodeSelector. On Talos it selects every node. */
export const LINUX_NODES = { matchLabels: { "kubernetes.io/os": "linux" } };

const pool = z
  .strictObject({
    name: objectName
      .default("services")
      .describe(
        "Name of the CiliumLoadBalancerIPPool. A pool with a new name is a new pool, and replaces the old one.",
      ),
    start: address.optional().describe("First address of the range."),
    stop: address.optional().describe("Last address of the range, which belongs to it."),
    cidr: cidr.optional().describe("A whole CIDR, instead of start and stop."),
    serviceSelector: selector
      .optional()
      .describe(
        "Services that get an address from the pool; default: all. A Gateway's Service has the labels of the Gateway's spec.infrastructure.",
      ),
  })
  .describe("A pool of addresses: start and stop, or a CIDR.");

const policy = z
  .strictObject({
    name: objectName
      .default("services")
      .describe(
        "Name of the CiliumL2AnnouncementPolicy. A policy with a new name is a new policy, and replaces the old one.",
      ),
    interfaces: z
      .array(z.string().min(1))
      .default([])
      .describe(
        "Interfaces that answer ARP, as regular expressions of Go with both anchors, such as ^ens18$; default: all of routing.devices.",
      ),
    nodeSelector: selector
      .default(LINUX_NODES)
      .describe("Nodes that may announce; default: all nodes that run Linux."),
    serviceSelector: selector
      .optional()
      .describe("Services that the policy announces; default: all."),
    externalIPs: z
      .boolean()
      .default(false)
      .describe("Whether the policy also announces the spec.externalIPs of Services."),
  })
  .describe("A policy that announces addresses on the LAN.");

export const loadBalancing = z
  .strictObject({
    pools: z.array(pool).min(1).describe("Pools of addresses for LoadBalancer Services."),
    policies: z
      .array(policy)
      .default([])
      .describe(
        "L2 announcement policies, exactly one for each Service; none where only BGP announces.",
      ),
    services: z
      .int()
      .min(1)
      .optional()
      .describe(
        "Largest number of Services that are announced at once, which decides Cilium's client rate limit; default: the number of addresses in the pools, at most 1,000.",
      ),
    leaseDuration: z
      .int()
      .min(1)
      .default(15)
      .describe(
        "Seconds after which another node may announce a Service whose holder is silent (chart, l2announcements.leaseDuration).",
      ),
    leaseRenewDeadline: z
      .int()
      .min(1)
      .default(5)
      .describe(
        "Seconds within which the holder renews its lease (chart, l2announcements.leaseRenewDeadline).",
      ),
    leaseRetryPeriod: z
      .int()
      .min(1)
      .default(2)
      .describe(
        "Seconds between two attempts to take or renew a lease (chart, l2announcements.leaseRetryPeriod).",
      ),
    algorithm: z
      .enum(["random", "maglev"])
      .default("random")
      .describe("How Cilium chooses a backend (chart, loadBalancer.algorithm)."),
    mode: z
      .enum(["snat", "dsr", "hybrid"])
      .default("snat")
      .describe("How packets reach a backend on another node (chart, loadBalancer.mode)."),
    acceleration: z
      .enum(["disabled", "native", "best-effort"])
      .default("disabled")
      .describe(
        "XDP acceleration (chart, loadBalancer.acceleration). It stops ARP answers on some network cards (https://github.com/cilium/cilium/issues/40396).",
      ),
    gatewayTrafficPolicy: z
      .enum(["Cluster", "Local"])
      .default("Cluster")
      .describe(
        "externalTrafficPolicy of the Services that Cilium creates for Gateways (chart, gatewayAPI.externalTrafficPolicy).",
      ),
  })
  .describe("Addresses of LoadBalancer Services, and how they are announced.");

export const bgp = z
  .strictObject({
    localAsn: z
      .int()
      .min(1)
      .max(4294967295)
      .optional()
      .describe("AS number of the nodes; required where there are peers."),
    peers: z
      .array(
        z.strictObject({
          name: objectName.describe("Name of the peer."),
          address: address.describe("Address of the router."),
          asn: z.int().min(1).max(4294967295).describe("AS number of the router."),
        }),
      )
      .default([])
      .describe("Routers that every selected node peers with; without peers there is no BGP."),
    nodeSelector: selector
      .default(LINUX_NODES)
      .describe("Nodes that peer; default: all nodes that run Linux."),
    advertise: z
      .array(z.enum(["LoadBalancerIP", "PodCIDR"]))
      .min(1)
      .default(["LoadBalancerIP"])
      .describe(
        "Routes that the nodes advertise: the Services' addresses (LoadBalancerIP), the nodes' pod CIDRs (PodCIDR), or both.",
      ),
    holdTime: z
      .int()
      .min(3)
      .max(65535)
      .default(90)
      .describe(
        "Seconds of silence after which a peer counts as down (RFC 4271; CiliumBGPPeerConfig, timers.holdTimeSeconds).",
      ),
    keepAlive: z
      .int()
      .min(1)
      .max(65535)
      .default(30)
      .describe(
        "Seconds between two keepalive messages (CiliumBGPPeerConfig, timers.keepAliveTimeSeconds).",
      ),
  })
  .prefault({})
  .describe("BGP, beside or instead of L2 announcements; default: none.");
