import deepmerge from "deepmerge";
import type { StackConfig } from "../../config";

/** Keys of a stack's configuration, without the project's name. */
type Keys = Readonly<Record<string, unknown>>;

/** A change of a running stack's configuration, and what an update would harm. */
export interface KeyChange {
  readonly what: string;
  readonly keys: Keys;
  /** Steps that replace or delete a Kubernetes object, each as "operation name"; default: none. */
  readonly harm?: readonly string[];
  /** What refuses the change before any step. */
  readonly refused?: RegExp;
  /** Why there are such steps, or why it is refused. */
  readonly reason?: string;
}

/** What the stack has before each change: one of every kind of object, and protected as prod is. */
export const RUNNING: Keys = {
  cilium: { protect: true },
  bgp: { localAsn: 64512, peers: [{ name: "router", address: "192.168.10.1", asn: 64513 }] },
  verification: { mode: "off" },
};

const SELECTOR = {
  matchLabels: { tier: "web" },
  matchExpressions: [{ key: "zone", operator: "In", values: ["a"] }],
};
const RESOURCES = {
  requests: { cpu: "100m", memory: "512Mi" },
  limits: { cpu: "2", memory: "1Gi" },
};
const EXPERIMENTAL_ONLY = /the stack no longer has CRDs that it installed \(.*xmeshes/;

/** Paths and text of the lab's sources, for the keys that name them. */
export interface Sources {
  /** The bundle of v1.6.1, experimental, as one file. */
  readonly file: string;
  readonly sha256: string;
  /** The same release in the channel standard. */
  readonly standard: string;
  /** v1.3.0, experimental. */
  readonly older: string;
  /** Chart of Cilium 1.18.4. */
  readonly chart: string;
  /** Another path of the lab's kubeconfig, whose context has another name. */
  readonly kubeconfig: string;
  readonly context: string;
  readonly uid: string;
}

/**
 * Changes that together change every key of the schema. Keys that go together are changed together: what any of them
 * would harm, all of them do.
 */
export function changesOfEveryKey(sources: Sources): readonly KeyChange[] {
  return [
    {
      what: "the way to the cluster",
      keys: {
        cluster: { kubeconfig: sources.kubeconfig, context: sources.context, uid: sources.uid },
      },
    },
    {
      what: "name and id of the cluster",
      keys: {
        cluster: { name: "renamed", id: 300, maxConnectedClusters: 511 },
        cilium: { allowChanges: ["cluster.name", "cluster.id"] },
      },
    },
    {
      what: "versions of Kubernetes and Talos, nodes and LAN",
      keys: {
        cluster: { kubernetes: "1.35.2", talos: "1.12.0" },
        nodes: {
          controlPlanes: ["192.168.10.100", "192.168.10.101", "192.168.10.102", "192.168.10.106"],
          workers: ["192.168.10.103", "192.168.10.104", "192.168.10.105"],
        },
        lan: {
          name: "other",
          cidr: "192.168.0.0/16",
          gateway: "192.168.10.1",
          dhcp: { start: "192.168.20.1", stop: "192.168.20.9" },
          ipv6: { cidr: "fd00:10::/64", gateway: "fd00:10::1" },
        },
        cilium: { allowUntested: true },
      },
    },
    {
      what: "KubePrism, Talos and the pods' network",
      keys: {
        kubePrism: { host: "127.0.0.1", port: 7447 },
        talos: { forwardKubeDnsToHost: false, hostLegacyRouting: false },
        network: {
          podCidrs: ["10.14.0.0/17"],
          serviceCidrs: ["10.96.0.0/16"],
          nativeRoutingCidrs: ["10.14.0.0/16"],
          nodeCidrMaskSizes: { ipv4: 25, ipv6: 65 },
        },
        routing: { skipUnreachable: true, devices: ["eth+"], mtu: 1400 },
        encryption: { type: "wireguard", nodeEncryption: true, ipsecSecretName: "other" },
        bandwidthManager: { enabled: true, bbr: true },
        cilium: { allowChanges: ["network.podCidrs"] },
      },
    },
    {
      what: "masquerading and the routes",
      keys: { talos: { bpfMasquerade: false }, routing: { routes: "network" } },
    },
    {
      what: "pods that leave the cluster with their own addresses",
      keys: { talos: { masquerade: false } },
    },
    {
      what: "the tunnel",
      keys: { routing: { mode: "tunnel", tunnelProtocol: "geneve" } },
    },
    {
      what: "kube-proxy's replacement",
      keys: { kubeProxyReplacement: false },
      refused: /kubeProxyReplacement/,
      reason: "the Gateway API needs it",
    },
    {
      what: "the Gateway API as a whole",
      keys: { gatewayApi: { enabled: false } },
      refused: /objects would be deleted with their kinds, .*Gateway default\/mine/,
      reason: "it drops CRDs that hold objects",
    },
    {
      what: "Gateways on the nodes' own network",
      keys: { gatewayApi: { hostNetwork: { enabled: true, nodeSelector: { edge: "yes" } } } },
    },
    {
      what: "where the bundle comes from",
      keys: {
        gatewayApi: {
          source: sources.file,
          sha256: sources.sha256,
          adopt: true,
          removeCrds: ["xnothings.gateway.networking.x-k8s.io"],
        },
      },
    },
    {
      what: "channel of the Gateway API",
      keys: { gatewayApi: { channel: "standard", source: sources.standard } },
      refused: EXPERIMENTAL_ONLY,
      reason: "it drops CRDs",
    },
    {
      what: "release of the Gateway API",
      keys: {
        gatewayApi: { version: "v1.3.0", source: sources.older },
        cilium: { allowUntested: true },
      },
      refused: /the stack no longer has CRDs that it installed/,
      reason: "it drops CRDs",
    },
    {
      what: "version of Cilium",
      keys: {
        cilium: {
          version: "1.18.4",
          chart: sources.chart,
          allowUntested: true,
          allowChanges: ["cilium.version"],
        },
      },
    },
    {
      what: "Cilium's Release",
      keys: {
        cilium: {
          repository: "https://charts.example",
          imageRegistry: "mirror.example/quay",
          imageDigests: false,
          timeout: 1000,
          operatorReplicas: 1,
          resources: { agent: RESOURCES, operator: RESOURCES, envoy: RESOURCES },
          values: { debug: { enabled: true } },
        },
        hubble: {
          relay: true,
          ui: true,
          metrics: ["dns"],
          certificates: "cronJob",
        },
        prometheus: { enabled: true, operator: false, envoy: false, serviceMonitors: true },
        verification: { mode: "warn", wait: 0 },
      },
    },
    {
      what: "issuer of Hubble's certificates",
      keys: {
        hubble: {
          certificates: "certmanager",
          issuer: { name: "other", kind: "Issuer", group: "issuers.example" },
        },
      },
    },
    { what: "Hubble as a whole", keys: { hubble: { enabled: false } } },
    {
      what: "protection",
      keys: { cilium: { protect: false, retainOnDelete: true } },
    },
    {
      what: "pool, policy and BGP",
      keys: {
        loadBalancing: {
          pools: [{ cidr: "192.168.10.32/28", serviceSelector: SELECTOR }],
          policies: [
            {
              interfaces: ["^eth[01]$"],
              nodeSelector: SELECTOR,
              serviceSelector: SELECTOR,
              externalIPs: true,
            },
          ],
          services: 30,
          leaseDuration: 30,
          leaseRenewDeadline: 20,
          leaseRetryPeriod: 4,
          algorithm: "maglev",
          mode: "dsr",
          acceleration: "best-effort",
          gatewayTrafficPolicy: "Cluster",
        },
        bgp: {
          localAsn: 64520,
          fabric: "other",
          peers: [
            {
              name: "other",
              address: "10.99.0.2",
              asn: 64521,
              port: 1179,
              multihop: 3,
              passwordSecret: "bgp",
              holdTime: 60,
              keepAlive: 20,
              connectRetry: 30,
              gracefulRestart: true,
              restartTime: 60,
              families: ["ipv4"],
            },
          ],
          nodeSelector: SELECTOR,
          serviceSelector: SELECTOR,
          advertise: ["LoadBalancerIP", "PodCIDR"],
          localPreference: 200,
          families: ["ipv4"],
          gracefulRestart: false,
          restartTime: 90,
          holdTime: 30,
          keepAlive: 10,
          connectRetry: 20,
        },
      },
    },
    {
      what: "range of the pool, and the Gateways' traffic policy",
      keys: {
        loadBalancing: {
          pools: [{ start: "192.168.10.60", stop: "192.168.10.70" }],
          policies: [],
          gatewayTrafficPolicy: "Local",
        },
      },
      harm: ["delete load-balancing-policy-services"],
      reason: "a policy that the stack no longer has",
    },
    {
      what: "several blocks of the pool",
      keys: {
        loadBalancing: {
          pools: [
            {
              blocks: [
                { start: "192.168.10.50", stop: "192.168.10.59" },
                { cidr: "192.168.10.64/27" },
              ],
            },
          ],
        },
      },
    },
    {
      what: "names of pool and policy",
      keys: {
        loadBalancing: {
          pools: [{ name: "other", start: "192.168.10.50", stop: "192.168.10.99" }],
          policies: [{ name: "other", interfaces: ["^eth0$"] }],
        },
      },
      harm: [
        "create-replacement load-balancing-pool-other",
        "delete load-balancing-policy-services",
        "delete-replaced load-balancing-pool-services",
        "replace load-balancing-pool-other",
      ],
      reason:
        "a policy with a new name is a new one, and a new pool takes the place of the old one",
    },
    {
      what: "BGP as a whole",
      keys: { bgp: null },
      harm: ["delete bgp-advertisement", "delete bgp-cluster-config", "delete bgp-peer-config"],
      reason: "objects that the stack no longer has",
    },
  ];
}

/** A stack's configuration with keys laid over it: objects are merged, lists replaced, and null leaves a key out. */
export function withKeys(config: StackConfig, ...layers: readonly Keys[]): StackConfig {
  const prefixed = layers.map((keys) =>
    Object.fromEntries(Object.entries(keys).map(([key, value]) => [`talos-cilium:${key}`, value])),
  );
  const merged = deepmerge.all<StackConfig>([config, ...prefixed], {
    arrayMerge: (_before, after) => after,
  });
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null));
}
