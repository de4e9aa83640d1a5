import semver from "semver";
import { contains } from "../addresses";
import { lanClaims, lanOf, nodeClaims, podClaims } from "../addressPlan";
import { valueAt } from "../derived/helmValues";
import { matchesDevice } from "../devices";
import { count } from "../text";
import { problemIf, type Rule } from "./rule";

/** Interfaces that are not on a LAN: of Talos (siderolink, kubespan), of Cilium, of pods, of VPNs. */
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

/** The first interface that is not on a LAN and that matches. */
export function foreignInterface(matches: (name: string) => boolean): string | undefined {
  return FOREIGN_INTERFACES.find(matches);
}

export const directRoutesNeedOneLan: Rule = {
  name: "direct-routes-need-one-lan",
  description:
    "Every node is in `lan.cidr` where Cilium installs the routes to pods (`routing.routes: cilium`), unless `routing.skipUnreachable` is set. Cilium routes directly to nodes on the same L2 only (https://docs.cilium.io/en/stable/network/concepts/routing/, native routing).",
  severity: "error",
  check: (settings) => {
    const [first] = lanClaims(settings);
    const { mode, routes, skipUnreachable } = settings.routing;
    if (first === undefined || mode !== "native" || routes !== "cilium" || skipUnreachable) {
      return [];
    }
    return nodeClaims(settings).flatMap(({ path, range, text }) => {
      const lan = lanOf(settings, range.family) ?? first;
      return problemIf(!contains(lan.range, range), {
        path,
        wrong: `Cilium has no direct route to it, as it is not in ${lan.path} (${text}, ${lan.text})`,
        fix: "set routing.mode: tunnel, or routing.routes to what installs the routes, or correct the address",
      });
    });
  },
};

export const bgpRoutesNeedBgp: Rule = {
  name: "bgp-routes-need-bgp",
  description:
    "`routing.routes: bgp` needs `bgp.peers`, and PodCIDR in `bgp.advertise`. Otherwise nothing announces the routes to pods.",
  severity: "error",
  check: ({ routing, bgp }) =>
    problemIf(
      routing.mode === "native" &&
        routing.routes === "bgp" &&
        !(bgp.peers.length > 0 && bgp.advertise.includes("PodCIDR")),
      {
        path: "routing.routes",
        wrong: `nothing advertises the routes to pods (bgp, with ${count(bgp.peers.length, "peer")} and bgp.advertise ${JSON.stringify(bgp.advertise)})`,
        fix: "add PodCIDR to bgp.advertise, or let Cilium install the routes (cilium)",
      },
    ),
};

export const routesNeedNativeMode: Rule = {
  name: "routes-need-native-mode",
  description:
    "`routing.routes` is left out in tunnel mode. A tunnel needs no routes to pods, so the key would have no effect.",
  severity: "error",
  check: ({ routing }) =>
    problemIf(routing.mode === "tunnel" && routing.routes !== "cilium", {
      path: "routing.routes",
      wrong: `it has no effect in tunnel mode (${routing.routes})`,
      fix: "leave it out, or set routing.mode: native",
    }),
};

export const tunnelProtocolNeedsTunnel: Rule = {
  name: "tunnel-protocol-needs-tunnel",
  description:
    "`routing.tunnelProtocol` is left out in native mode. Nothing is encapsulated there, so the key would have no effect.",
  severity: "error",
  check: ({ routing }) =>
    problemIf(routing.mode === "native" && routing.tunnelProtocol !== "vxlan", {
      path: "routing.tunnelProtocol",
      wrong: `nothing is encapsulated in native mode (${routing.tunnelProtocol})`,
      fix: "leave it out, or set routing.mode: tunnel",
    }),
};

export const skipUnreachableNeedsDirectRoutes: Rule = {
  name: "skip-unreachable-needs-direct-routes",
  description:
    "`routing.skipUnreachable` needs `routing.mode: native` and `routing.routes: cilium`. Otherwise Cilium installs no routes that it could leave out (https://docs.cilium.io/en/stable/network/concepts/routing/, native routing).",
  severity: "error",
  check: ({ routing: { mode, routes, skipUnreachable } }) =>
    problemIf(skipUnreachable && (mode !== "native" || routes !== "cilium"), {
      path: "routing.skipUnreachable",
      wrong: `Cilium installs no routes that it could leave out (routing.mode ${mode}, routing.routes ${routes})`,
      fix: "leave it out",
    }),
};

export const deviceNotRegex: Rule = {
  name: "device-not-regex",
  description:
    "Each entry of `routing.devices` is an interface's name, or a prefix with a trailing +. Cilium does not accept regular expressions there (https://github.com/cilium/cilium/issues/28457).",
  severity: "error",
  check: ({ routing: { devices } }) =>
    devices.flatMap((device, index) =>
      problemIf(!/^[^^$*?()[\]{}|\\/\s+]+\+?$/.test(device), {
        path: `routing.devices.${index}`,
        wrong: `a device is a name or a prefix with a trailing +, not a regular expression (${device})`,
        fix: "write ens18, or ens+ for all names that begin with ens",
      }),
    ),
};

export const deviceOnLan: Rule = {
  name: "device-on-lan",
  description:
    "No entry of `routing.devices` matches an interface of Talos, Cilium, a pod or a VPN. Cilium's datapath belongs on the LAN, and it would take over the MTU of such an interface (pkg/mtu/manager.go: the least of its devices).",
  severity: "error",
  check: ({ routing: { devices } }) =>
    devices.flatMap((device, index) => {
      const foreign = foreignInterface((name) => matchesDevice(device, name));
      return problemIf(foreign !== undefined, {
        path: `routing.devices.${index}`,
        wrong: `it matches ${foreign}, which is not an interface of the LAN (${device})`,
        fix: "name the nodes' own network cards, such as ens18 or eth+",
      });
    }),
};

export const l2NeedsKubeProxyReplacement: Rule = {
  name: "l2-needs-kube-proxy-replacement",
  description:
    "`loadBalancing.policies` need `kubeProxyReplacement: true`. Cilium's own datapath answers for the addresses (https://docs.cilium.io/en/stable/network/l2-announcements/, prerequisites).",
  severity: "error",
  check: ({ kubeProxyReplacement, loadBalancing }) =>
    problemIf(!kubeProxyReplacement && loadBalancing.policies.length > 0, {
      path: "kubeProxyReplacement",
      wrong: "loadBalancing.policies announce nothing without it (false)",
      fix: "set it to true, and cluster.proxy.disabled: true in Talos",
    }),
};

export const gatewayNeedsKubeProxyReplacement: Rule = {
  name: "gateway-needs-kube-proxy-replacement",
  description:
    "The Gateway API, where `gatewayApi` turns it on, needs `kubeProxyReplacement: true`; before Cilium 1.19 the chart's `nodePort.enabled: true` does as well. Cilium serves Gateways from its own datapath (https://docs.cilium.io/en/stable/network/servicemesh/gateway-api/gateway-api/, prerequisites; https://docs.cilium.io/en/v1.18/network/servicemesh/gateway-api/gateway-api/).",
  severity: "error",
  check: ({ kubeProxyReplacement, gatewayApi, cilium }) => {
    const servesNodePorts =
      semver.lt(cilium.version, "1.19.0") && valueAt(cilium.values, "nodePort.enabled") === true;
    return problemIf(!kubeProxyReplacement && gatewayApi.enabled && !servesNodePorts, {
      path: "kubeProxyReplacement",
      wrong: "Cilium serves no Gateway without it (false)",
      fix: "set it to true, and cluster.proxy.disabled: true in Talos; or leave gatewayApi out",
    });
  },
};

export const gatewayNeedsL7Proxy: Rule = {
  name: "gateway-needs-l7-proxy",
  description:
    "The Gateway API, where `gatewayApi` turns it on, needs the chart's `l7Proxy`. Envoy serves the Gateways, and the chart refuses one without the other (templates/validate.yaml).",
  severity: "error",
  check: ({ cilium, gatewayApi }) =>
    problemIf(gatewayApi.enabled && cilium.values.l7Proxy === false, {
      path: "cilium.values.l7Proxy",
      wrong: "Cilium serves no Gateway without its proxy (false)",
      fix: "leave it out, or leave gatewayApi out",
    }),
};

export const loadBalancerNeedsKubeProxyReplacement: Rule = {
  name: "load-balancer-needs-kube-proxy-replacement",
  description:
    "`loadBalancing.algorithm`, `mode` and `acceleration` are left out with `kubeProxyReplacement: false`. kube-proxy then balances Services, and the keys would have no effect (https://docs.cilium.io/en/stable/network/kubernetes/kubeproxy-free/).",
  severity: "error",
  check: ({ kubeProxyReplacement, loadBalancing }) =>
    Object.entries({ algorithm: "random", mode: "snat", acceleration: "disabled" }).flatMap(
      ([key, without]) => {
        const value = loadBalancing[key as "algorithm" | "mode" | "acceleration"];
        return problemIf(!kubeProxyReplacement && value !== without, {
          path: `loadBalancing.${key}`,
          wrong: `it has no effect while kube-proxy is kept (${value})`,
          fix: "leave it out, or set kubeProxyReplacement: true",
        });
      },
    ),
};

export const hostDnsNeedsHostRouting: Rule = {
  name: "host-dns-needs-host-routing",
  description:
    "`talos.forwardKubeDnsToHost` together with `talos.bpfMasquerade` goes with `talos.hostLegacyRouting: true`. The answers of Talos' resolver come from the host, and eBPF host routing bypasses the host's network stack (https://docs.cilium.io/en/stable/installation/k8s-install-helm/, Talos; https://github.com/siderolabs/talos/issues/10002). Public clusters run it nevertheless, with Cilium's socket load balancer.",
  severity: "warning",
  check: ({ talos }) =>
    problemIf(talos.forwardKubeDnsToHost && talos.bpfMasquerade && !talos.hostLegacyRouting, {
      path: "talos.hostLegacyRouting",
      wrong:
        "pods may get no answer from Talos' host DNS (false, with talos.forwardKubeDnsToHost and talos.bpfMasquerade)",
      fix: "resolve a name outside the cluster in a pod before you rely on it; if none is answered, set it to true, or set talos.forwardKubeDnsToHost: false and the same in the machine config",
    }),
};

export const hostRoutingNeedsMasquerade: Rule = {
  name: "host-routing-needs-masquerade",
  description:
    "`talos.hostLegacyRouting: false` needs `talos.bpfMasquerade: true`, or `talos.masquerade: false`. With iptables masquerading Cilium falls back to the host's network stack without a word (pkg/kpr/initializer).",
  severity: "error",
  check: ({ talos }) =>
    problemIf(!talos.hostLegacyRouting && talos.masquerade && !talos.bpfMasquerade, {
      path: "talos.hostLegacyRouting",
      wrong: "eBPF host routing needs eBPF masquerading (false, with talos.bpfMasquerade false)",
      fix: "set talos.bpfMasquerade: true, or talos.hostLegacyRouting: true",
    }),
};

export const hostRoutingNeedsKubeProxyReplacement: Rule = {
  name: "host-routing-needs-kube-proxy-replacement",
  description:
    "`talos.hostLegacyRouting: false` needs `kubeProxyReplacement: true`. With kube-proxy Cilium falls back to the host's network stack without a word (pkg/kpr/initializer).",
  severity: "error",
  check: ({ talos, kubeProxyReplacement }) =>
    problemIf(!talos.hostLegacyRouting && !kubeProxyReplacement, {
      path: "talos.hostLegacyRouting",
      wrong:
        "eBPF host routing does not go with kube-proxy (false, with kubeProxyReplacement false)",
      fix: "set it to true, or set kubeProxyReplacement: true and cluster.proxy.disabled: true in Talos",
    }),
};

const IPV6_MTU_AT_LEAST = 1280;

export const mtuFitsFamilies: Rule = {
  name: "mtu-fits-families",
  description:
    "`routing.mtu` is at least 1280 where pods have IPv6 addresses. IPv6 does not work over a link with a smaller MTU (RFC 8200, section 5).",
  severity: "error",
  check: (settings) => {
    const { mtu } = settings.routing;
    const hasIpv6 = podClaims(settings).some(({ range }) => range.family === "IPv6");
    return problemIf(mtu !== undefined && mtu < IPV6_MTU_AT_LEAST && hasIpv6, {
      path: "routing.mtu",
      wrong: `IPv6 does not work with it (${mtu})`,
      fix: `use ${IPV6_MTU_AT_LEAST} or more, or leave IPv6 out of network.podCidrs`,
    });
  },
};

export const bbrNeedsHostRouting: Rule = {
  name: "bbr-needs-host-routing",
  description:
    "`bandwidthManager.bbr` needs `talos.hostLegacyRouting: false`. BBR for pods works with eBPF host routing only (https://docs.cilium.io/en/stable/operations/performance/tuning/, BBR).",
  severity: "error",
  check: ({ bandwidthManager, talos }) =>
    problemIf(bandwidthManager.bbr && talos.hostLegacyRouting, {
      path: "bandwidthManager.bbr",
      wrong: "BBR does nothing while talos.hostLegacyRouting is true (true)",
      fix: "leave it out, or set talos.hostLegacyRouting and talos.forwardKubeDnsToHost to false",
    }),
};

export const bbrNeedsBandwidthManager: Rule = {
  name: "bbr-needs-bandwidth-manager",
  description:
    "`bandwidthManager.bbr` needs `bandwidthManager.enabled: true`. BBR is a part of the bandwidth manager (https://docs.cilium.io/en/stable/network/kubernetes/bandwidth-manager/).",
  severity: "error",
  check: ({ bandwidthManager }) =>
    problemIf(bandwidthManager.bbr && !bandwidthManager.enabled, {
      path: "bandwidthManager.bbr",
      wrong: "it is a part of the bandwidth manager, which is off (true)",
      fix: "set bandwidthManager.enabled: true",
    }),
};

export const nodeEncryptionNeedsWireguard: Rule = {
  name: "node-encryption-needs-wireguard",
  description:
    "`encryption.nodeEncryption` needs `encryption.type: wireguard`. Only WireGuard encrypts traffic between the nodes themselves (https://docs.cilium.io/en/stable/security/network/encryption-wireguard/).",
  severity: "error",
  check: ({ encryption }) =>
    problemIf(encryption.nodeEncryption && encryption.type !== "wireguard", {
      path: "encryption.nodeEncryption",
      wrong: `only WireGuard encrypts traffic between nodes (encryption.type ${encryption.type})`,
      fix: "set encryption.type: wireguard, or leave it out",
    }),
};
