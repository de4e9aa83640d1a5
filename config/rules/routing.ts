import { contains } from "../addresses";
import { lanOwner, nodeOwners } from "../addressPlan";
import { problemIf, type Rule } from "./rule";

/** Interfaces that are no LAN: of Talos (siderolink, kubespan), of Cilium, of pods, of VPNs. */
const FOREIGN_INTERFACES = [
  "siderolink",
  "kubespan",
  "cilium_host",
  "cilium_net",
  "cilium_vxlan",
  "lxc0123456789ab",
  "lxc_health",
  "tailscale0",
  "lo",
];

/** The interface that is no LAN and that a test matches. */
export function foreignInterface(matches: (name: string) => boolean): string | undefined {
  return FOREIGN_INTERFACES.find(matches);
}

/** Cilium routes directly to nodes on the same L2 only. */
export const directRoutesNeedOneLan: Rule = {
  name: "direct-routes-need-one-lan",
  check: (settings) => {
    const lan = lanOwner(settings);
    const { mode, routes, skipUnreachable } = settings.routing;
    if (lan === undefined || mode !== "native" || routes !== "cilium" || skipUnreachable) return [];
    return nodeOwners(settings).flatMap(({ path, range, text }) =>
      problemIf(
        !contains(lan.range, range),
        path,
        `Cilium has no direct route to it, as it is not in lan.cidr (${text}, ${lan.text})`,
        "set routing.mode: tunnel, or say with routing.routes what else installs the routes, or correct the address",
      ),
    );
  },
};

/** Routes by BGP need BGP, and the pod CIDRs advertised. */
export const bgpRoutesNeedBgp: Rule = {
  name: "bgp-routes-need-bgp",
  check: ({ routing, bgp }) =>
    problemIf(
      routing.mode === "native" &&
        routing.routes === "bgp" &&
        !(bgp.peers.length > 0 && bgp.advertise.includes("PodCIDR")),
      "routing.routes",
      `nobody advertises the pods' routes (bgp, with ${bgp.peers.length} peers and bgp.advertise ${JSON.stringify(bgp.advertise)})`,
      "add PodCIDR to bgp.advertise, or let Cilium install the routes (cilium)",
    ),
};

/** In tunnel mode nobody needs routes to pods. */
export const routesNeedNativeMode: Rule = {
  name: "routes-need-native-mode",
  check: ({ routing }) =>
    problemIf(
      routing.mode === "tunnel" && routing.routes !== "cilium",
      "routing.routes",
      `it says nothing in tunnel mode (${routing.routes})`,
      "leave it out, or set routing.mode: native",
    ),
};

/** A choice of encapsulation is no choice without one. */
export const tunnelProtocolNeedsTunnel: Rule = {
  name: "tunnel-protocol-needs-tunnel",
  check: ({ routing }) =>
    problemIf(
      routing.mode === "native" && routing.tunnelProtocol !== "vxlan",
      "routing.tunnelProtocol",
      `nothing is encapsulated in native mode (${routing.tunnelProtocol})`,
      "leave it out, or set routing.mode: tunnel",
    ),
};

/** Leaving routes out is a choice only for whom Cilium installs them. */
export const skipUnreachableNeedsDirectRoutes: Rule = {
  name: "skip-unreachable-needs-direct-routes",
  check: ({ routing: { mode, routes, skipUnreachable } }) =>
    problemIf(
      skipUnreachable && (mode !== "native" || routes !== "cilium"),
      "routing.skipUnreachable",
      `Cilium installs no routes that it could leave out (routing.mode ${mode}, routing.routes ${routes})`,
      "leave it out",
    ),
};

/** A device is a name, or a prefix with + (https://github.com/cilium/cilium/issues/28457). */
export const deviceIsNoRegex: Rule = {
  name: "device-is-no-regex",
  check: ({ routing: { devices } }) =>
    devices.flatMap((device, index) =>
      problemIf(
        !/^[^^$*?()[\]{}|\\/\s+]+\+?$/.test(device),
        `routing.devices.${index}`,
        `a device is a name or a prefix with a trailing +, no regular expression (${device})`,
        "write ens18, or ens+ for all that begin with ens",
      ),
    ),
};

/** Cilium's datapath is on the LAN, not on Talos' or a VPN's interfaces, whose MTU it would take over. */
export const deviceOnTheLan: Rule = {
  name: "device-on-the-lan",
  check: ({ routing: { devices } }) =>
    devices.flatMap((device, index) => {
      const foreign = foreignInterface((name) =>
        device.endsWith("+") ? name.startsWith(device.slice(0, -1)) : name === device,
      );
      return problemIf(
        foreign !== undefined,
        `routing.devices.${index}`,
        `it matches ${foreign}, which is no interface of the LAN (${device})`,
        "name the nodes' own network cards, such as ens18 or eth+",
      );
    }),
};

/** kube-proxy's work is Cilium's where Services are announced: kube-proxy knows no such address. */
export const l2NeedsKubeProxyReplacement: Rule = {
  name: "l2-needs-kube-proxy-replacement",
  check: ({ kubeProxyReplacement, loadBalancing }) =>
    problemIf(
      !kubeProxyReplacement && loadBalancing.policies.length > 0,
      "kubeProxyReplacement",
      "loadBalancing.policies announce nothing without it (false)",
      "set it to true, and cluster.proxy.disabled: true in Talos",
    ),
};

/** The Gateway API is served by Cilium's own datapath. */
export const gatewayNeedsKubeProxyReplacement: Rule = {
  name: "gateway-needs-kube-proxy-replacement",
  check: ({ kubeProxyReplacement }) =>
    problemIf(
      !kubeProxyReplacement,
      "kubeProxyReplacement",
      "Cilium serves no Gateway without it (false)",
      "set it to true, and cluster.proxy.disabled: true in Talos",
    ),
};

/** Talos' answers for kube-dns come from the host, past which eBPF host routing goes. */
export const hostDnsNeedsHostRouting: Rule = {
  name: "host-dns-needs-host-routing",
  check: ({ talos }) =>
    problemIf(
      talos.forwardKubeDnsToHost && talos.bpfMasquerade && !talos.hostLegacyRouting,
      "talos.hostLegacyRouting",
      "pods would get no answer from Talos' host DNS (false, with talos.forwardKubeDnsToHost and talos.bpfMasquerade)",
      "set it to true, or set talos.forwardKubeDnsToHost: false and the same in the machine config",
    ),
};

/** eBPF host routing needs eBPF masquerading; without it Cilium falls back and says nothing. */
export const hostRoutingNeedsMasquerade: Rule = {
  name: "host-routing-needs-masquerade",
  check: ({ talos }) =>
    problemIf(
      !talos.hostLegacyRouting && !talos.bpfMasquerade,
      "talos.hostLegacyRouting",
      "eBPF host routing needs eBPF masquerading (false, with talos.bpfMasquerade false)",
      "set talos.bpfMasquerade: true, or talos.hostLegacyRouting: true",
    ),
};

/** BBR for pods needs eBPF host routing (Cilium, bandwidth manager). */
export const bbrNeedsHostRouting: Rule = {
  name: "bbr-needs-host-routing",
  check: ({ bandwidthManager, talos }) =>
    problemIf(
      bandwidthManager.bbr && talos.hostLegacyRouting,
      "bandwidthManager.bbr",
      "BBR does nothing while talos.hostLegacyRouting is true (true)",
      "leave it out, or set talos.hostLegacyRouting and talos.forwardKubeDnsToHost to false",
    ),
};

/** BBR is the bandwidth manager's. */
export const bbrNeedsBandwidthManager: Rule = {
  name: "bbr-needs-bandwidth-manager",
  check: ({ bandwidthManager }) =>
    problemIf(
      bandwidthManager.bbr && !bandwidthManager.enabled,
      "bandwidthManager.bbr",
      "it is a part of the bandwidth manager, which is off (true)",
      "set bandwidthManager.enabled: true",
    ),
};

/** Traffic between nodes is encrypted by WireGuard only (chart, encryption.nodeEncryption). */
export const nodeEncryptionNeedsWireguard: Rule = {
  name: "node-encryption-needs-wireguard",
  check: ({ encryption }) =>
    problemIf(
      encryption.nodeEncryption && encryption.type !== "wireguard",
      "encryption.nodeEncryption",
      `only WireGuard does that (encryption.type ${encryption.type})`,
      "set encryption.type: wireguard, or leave it out",
    ),
};
