import { z } from "zod";
import { address, cidr, objectName, selector } from "./types";

/** Default of each nodeSelector. On Talos it selects every node. */
export const LINUX_NODES = { matchLabels: { "kubernetes.io/os": "linux" } };

/** A pool of addresses. */
const pool = z
  .strictObject({
    name: objectName.default("services").describe("Name of the CiliumLoadBalancerIPPool."),
    start: address.optional().describe("First address."),
    stop: address.optional().describe("Last address, included."),
    cidr: cidr.optional().describe("A whole CIDR instead of start and stop."),
    serviceSelector: selector
      .optional()
      .describe(
        "Services that get an address from it; default: all. A Gateway's Service carries the labels of its spec.infrastructure.",
      ),
  })
  .describe("A pool of addresses: start and stop, or a CIDR.");

/** An L2 announcement policy. */
const policy = z
  .strictObject({
    name: objectName.default("services").describe("Name of the CiliumL2AnnouncementPolicy."),
    interfaces: z
      .array(z.string().min(1))
      .default([])
      .describe(
        "Regular expressions (Go, anchored: ^ens18$) of the interfaces that answer ARP; default: each of routing.devices.",
      ),
    nodeSelector: selector
      .default(LINUX_NODES)
      .describe("Nodes that may announce; default: all that run Linux."),
    serviceSelector: selector.optional().describe("Services that it announces; default: all."),
    externalIPs: z
      .boolean()
      .default(false)
      .describe("Whether a Service's spec.externalIPs are announced, too."),
  })
  .describe("A policy that announces addresses on the LAN.");

/** LoadBalancer addresses and how they are announced. */
export const loadBalancing = z
  .strictObject({
    pools: z.array(pool).min(1).describe("Pools of addresses for Services of type LoadBalancer."),
    policies: z
      .array(policy)
      .default([])
      .describe(
        "L2 announcement policies, exactly one for each Service; none where BGP alone announces.",
      ),
    services: z
      .int()
      .min(1)
      .optional()
      .describe(
        "Services that are announced at most, for Cilium's client rate limit; default: as many as the pools have addresses.",
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
        "Seconds between two tries to take or renew a lease (chart, l2announcements.leaseRetryPeriod).",
      ),
    algorithm: z
      .enum(["random", "maglev"])
      .default("random")
      .describe("How a backend is chosen (chart, loadBalancer.algorithm)."),
    mode: z
      .enum(["snat", "dsr", "hybrid"])
      .default("snat")
      .describe("How traffic reaches a backend on another node (chart, loadBalancer.mode)."),
    acceleration: z
      .enum(["disabled", "native", "best-effort"])
      .default("disabled")
      .describe(
        "XDP; it stops ARP answers on some network cards (https://github.com/cilium/cilium/issues/40396; chart, loadBalancer.acceleration).",
      ),
    gatewayTrafficPolicy: z
      .enum(["Cluster", "Local"])
      .default("Cluster")
      .describe(
        "externalTrafficPolicy of the Services that Gateways make (chart, gatewayAPI.externalTrafficPolicy).",
      ),
  })
  .describe("Addresses for Services of type LoadBalancer and how they are announced.");

/** BGP, beside or instead of L2 announcements. */
export const bgp = z
  .strictObject({
    localAsn: z
      .int()
      .min(1)
      .max(4294967295)
      .optional()
      .describe("AS number of the nodes; needed where there are peers."),
    peers: z
      .array(
        z.strictObject({
          name: objectName.describe("Name of the peer."),
          address: address.describe("Address of the router."),
          asn: z.int().min(1).max(4294967295).describe("AS number of the router."),
        }),
      )
      .default([])
      .describe("Routers that every selected node peers with; without any there is no BGP."),
    nodeSelector: selector
      .default(LINUX_NODES)
      .describe("Nodes that peer; default: all that run Linux."),
    advertise: z
      .array(z.enum(["LoadBalancerIP", "PodCIDR"]))
      .min(1)
      .default(["LoadBalancerIP"])
      .describe("What is advertised: the Services' addresses, the nodes' pod CIDRs, or both."),
    holdTime: z
      .int()
      .min(3)
      .max(65535)
      .default(90)
      .describe(
        "Seconds of silence after which a peer is down (RFC 4271; CiliumBGPPeerConfig, timers.holdTimeSeconds).",
      ),
    keepAlive: z
      .int()
      .min(1)
      .max(65535)
      .default(30)
      .describe(
        "Seconds between two signs of life (CiliumBGPPeerConfig, timers.keepAliveTimeSeconds).",
      ),
  })
  .prefault({})
  .describe("BGP, beside or instead of L2 announcements; default: none.");
