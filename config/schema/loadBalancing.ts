import { z } from "zod";
import { address, cidr, objectName, port, selector } from "./types";

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
    blocks: z
      .array(
        z.strictObject({
          start: address.optional().describe("First address of the range."),
          stop: address.optional().describe("Last address of the range, which belongs to it."),
          cidr: cidr.optional().describe("A whole CIDR, instead of start and stop."),
        }),
      )
      .min(1)
      .optional()
      .describe("Several ranges and CIDRs, instead of start, stop and cidr."),
    serviceSelector: selector
      .optional()
      .describe(
        "Services that get an address from the pool; default: all. A Gateway's Service has the labels of the Gateway's spec.infrastructure.",
      ),
  })
  .describe("A pool of addresses: start and stop, or a CIDR, or blocks of these.");

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
        "Interfaces that answer ARP, as regular expressions of Go, such as ^ens18$ or ^eth[0-9]+; default: all of routing.devices.",
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
    pools: z
      .array(pool)
      .default([])
      .describe(
        "Pools of addresses for LoadBalancer Services; none where something else gives out the addresses, or nothing does.",
      ),
    policies: z
      .array(policy)
      .default([])
      .describe("L2 announcement policies; none where only BGP announces, or nothing does."),
    services: z
      .int()
      .min(1)
      .optional()
      .describe(
        "Largest number of Services that L2 announces at once, which decides Cilium's client rate limit; default: the number of addresses in the pools that L2 announces, at most 1,000.",
      ),
    // A Lease has whole seconds (coordination.k8s.io/v1, leaseDurationSeconds, at least 1).
    leaseDuration: z
      .number()
      .min(1)
      .default(15)
      .describe(
        "Seconds after which another node may announce a Service whose holder is silent (chart, l2announcements.leaseDuration).",
      ),
    leaseRenewDeadline: z
      .number()
      .min(0.01)
      .default(5)
      .describe(
        "Seconds within which the holder renews its lease (chart, l2announcements.leaseRenewDeadline).",
      ),
    leaseRetryPeriod: z
      .number()
      .min(0.01)
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
  .prefault({})
  .describe("Addresses of LoadBalancer Services, and how they are announced; default: none.");

/** Seconds of a BGP session's timers (CiliumBGPPeerConfig, timers). */
const holdTime = z.int().min(3).max(65535);
const keepAlive = z.int().min(1).max(65535);
const connectRetry = z.int().min(1).max(2147483647);

const bgpPeer = z
  .strictObject({
    name: objectName.describe("Name of the peer."),
    address: address.describe("Address of the router."),
    asn: z.int().min(1).max(4294967295).describe("AS number of the router."),
    port: port.optional().describe("TCP port of the router; default: 179."),
    multihop: z
      .int()
      .min(1)
      .max(255)
      .optional()
      .describe(
        "TTL of the packets to a router of another AS that is not on the nodes' LAN (CiliumBGPPeerConfig, ebgpMultihop); default: 1, the LAN only.",
      ),
    passwordSecret: objectName
      .optional()
      .describe(
        "Name of the Secret with the session's password, in its key password, in the namespace bgpControlPlane.secretsNamespace of the chart: kube-system (CiliumBGPPeerConfig, authSecretRef); default: no password.",
      ),
    holdTime: holdTime.optional().describe("holdTime of this peer; default: bgp.holdTime."),
    keepAlive: keepAlive.optional().describe("keepAlive of this peer; default: bgp.keepAlive."),
    connectRetry: connectRetry
      .optional()
      .describe("connectRetry of this peer; default: bgp.connectRetry."),
    gracefulRestart: z
      .boolean()
      .optional()
      .describe("gracefulRestart of this peer; default: bgp.gracefulRestart."),
    restartTime: z
      .int()
      .min(1)
      .max(4095)
      .optional()
      .describe("restartTime of this peer; default: bgp.restartTime."),
    families: z
      .array(z.enum(["ipv4", "ipv6"]))
      .min(1)
      .optional()
      .describe("families of this peer; default: bgp.families."),
  })
  .describe("A router that every selected node peers with.");

export const bgp = z
  .strictObject({
    localAsn: z
      .int()
      .min(1)
      .max(4294967295)
      .optional()
      .describe("AS number of the nodes; required where there are peers."),
    fabric: z
      .string()
      .min(1)
      .optional()
      .describe(
        "Name of the network whose routers learn the routes, for sites that are not connected; default: the stacks without a name share one.",
      ),
    peers: z
      .array(bgpPeer)
      .default([])
      .describe("Routers that every selected node peers with; without peers there is no BGP."),
    nodeSelector: selector
      .default(LINUX_NODES)
      .describe("Nodes that peer; default: all nodes that run Linux."),
    advertise: z
      .array(z.enum(["LoadBalancerIP", "ExternalIP", "ClusterIP", "PodCIDR"]))
      .min(1)
      .default(["LoadBalancerIP"])
      .describe(
        "Routes that the nodes advertise: addresses of Services (LoadBalancerIP, ExternalIP, ClusterIP), and the nodes' pod CIDRs (PodCIDR).",
      ),
    serviceSelector: selector
      .optional()
      .describe("Services whose addresses are advertised; default: all."),
    localPreference: z
      .int()
      .min(0)
      .max(4294967295)
      .optional()
      .describe(
        "Local preference of the routes, which routers of the nodes' own AS compare (CiliumBGPAdvertisement, attributes.localPreference); default: none.",
      ),
    families: z
      .array(z.enum(["ipv4", "ipv6"]))
      .min(1)
      .default(["ipv4", "ipv6"])
      .describe("Families whose routes a session carries (CiliumBGPPeerConfig, families)."),
    gracefulRestart: z
      .boolean()
      .default(true)
      .describe(
        "Whether routers keep the routes while an agent restarts (RFC 4724; CiliumBGPPeerConfig, gracefulRestart).",
      ),
    restartTime: z
      .int()
      .min(1)
      .max(4095)
      .optional()
      .describe(
        "Seconds that routers keep them (CiliumBGPPeerConfig, gracefulRestart.restartTimeSeconds); default: Cilium's, 120.",
      ),
    holdTime: holdTime
      .default(90)
      .describe(
        "Seconds of silence after which a peer counts as down (RFC 4271; CiliumBGPPeerConfig, timers.holdTimeSeconds).",
      ),
    keepAlive: keepAlive
      .default(30)
      .describe(
        "Seconds between two keepalive messages (CiliumBGPPeerConfig, timers.keepAliveTimeSeconds).",
      ),
    connectRetry: connectRetry
      .optional()
      .describe(
        "Seconds between two attempts to open a session (CiliumBGPPeerConfig, timers.connectRetryTimeSeconds); default: Cilium's, 120.",
      ),
  })
  .prefault({})
  .describe("BGP, beside or instead of L2 announcements; default: none.");
