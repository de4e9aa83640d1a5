import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import {
  bgpObjects,
  checkFleet,
  ciliumValues,
  readSettings,
  type Settings,
  valueAt,
} from "../../../../config";

const base = parse(readFileSync(join(__dirname, "../../../fixtures/base.yaml"), "utf8"));

function settings(changes: Record<string, unknown>): Settings {
  const config: Record<string, unknown> = { ...base, ...changes };
  return readSettings({ getObject: (key) => config[key] }, Object.keys(config));
}

const PEER = { name: "router", address: "192.168.10.1", asn: 64513 };
const L2 = { pools: [{ start: "192.168.10.50", stop: "192.168.10.99" }], policies: [{}] };

describe("values and objects for what runs in the field", () => {
  const cases: { name: string; changes: Record<string, unknown>; values: object }[] = [
    {
      name: "no Gateway API leaves its values to the chart",
      changes: { gatewayApi: undefined },
      values: { "gatewayAPI.enabled": false, "gatewayAPI.enableAlpn": undefined },
    },
    {
      name: "Geneve carries direct server return",
      changes: {
        routing: { mode: "tunnel", tunnelProtocol: "geneve" },
        loadBalancing: { ...L2, mode: "dsr" },
      },
      values: { "loadBalancer.dsrDispatch": "geneve" },
    },
    {
      name: "control planes alone run relay and page",
      changes: {
        nodes: { controlPlanes: ["192.168.10.100"] },
        hubble: { relay: true, ui: true },
      },
      values: {
        "hubble.relay.tolerations.0.key": "node-role.kubernetes.io/control-plane",
        "hubble.ui.tolerations.0.effect": "NoSchedule",
        "certgen.tolerations": undefined,
      },
    },
    {
      name: "Gateways on the nodes' ports have the right to open them",
      changes: { gatewayApi: { version: "1.3.0", hostNetwork: { enabled: true } } },
      values: {
        "gatewayAPI.hostNetwork.enabled": true,
        "envoy.securityContext.capabilities.keepCapNetBindService": true,
        "envoy.securityContext.capabilities.envoy.2": "NET_BIND_SERVICE",
      },
    },
    {
      name: "a mirror has every image of the chart, with other digests",
      changes: {
        cilium: { version: "1.18.4", imageRegistry: "registry.lan", imageDigests: false },
      },
      values: {
        "clustermesh.apiserver.image.repository": "registry.lan/cilium/clustermesh-apiserver",
        "preflight.envoy.image.useDigest": false,
        "encryption.ztunnel.image.repository": undefined,
      },
    },
    {
      name: "no lease is renewed where BGP alone announces",
      changes: { loadBalancing: { pools: L2.pools }, bgp: { localAsn: 64512, peers: [PEER] } },
      values: { k8sClientRateLimit: undefined },
    },
    {
      name: "nothing is masqueraded in eBPF where nothing is masqueraded",
      changes: { talos: { masquerade: false } },
      values: { enableIPv4Masquerade: false, "bpf.masquerade": false },
    },
    {
      name: "a value that stood in cilium.values before has the last word",
      changes: {
        nodes: { controlPlanes: ["192.168.10.100"] },
        hubble: { relay: true },
        cilium: { version: "1.18.4", values: { hubble: { relay: { tolerations: [] } } } },
      },
      values: { "hubble.relay.tolerations": [] },
    },
    {
      name: "durations may be shorter than a second",
      changes: { loadBalancing: { ...L2, leaseRenewDeadline: 0.8, leaseRetryPeriod: 0.2 } },
      values: { "l2announcements.leaseRetryPeriod": "0.2s" },
    },
  ];
  for (const { name, changes, values } of cases) {
    it(name, () => {
      const all = ciliumValues(settings(changes));
      for (const [path, value] of Object.entries(values)) {
        assert.deepEqual(valueAt(all, path), value, path);
      }
    });
  }

  it("a peer with timers of its own has a configuration of its own, the others share one", () => {
    const { bgp } = settings({
      bgp: {
        localAsn: 64512,
        advertise: ["LoadBalancerIP", "ExternalIP", "PodCIDR"],
        serviceSelector: { matchLabels: { announce: "yes" } },
        localPreference: 200,
        families: ["ipv4"],
        peers: [
          PEER,
          {
            name: "far",
            address: "172.16.255.1",
            asn: 64514,
            multihop: 4,
            passwordSecret: "bgp-password",
            holdTime: 9,
            keepAlive: 3,
            connectRetry: 12,
            gracefulRestart: false,
          },
        ],
      },
    });
    const { advertisement, peerConfigs, clusterConfig } = bgpObjects(bgp);
    assert.deepEqual(advertisement.spec.advertisements, [
      {
        advertisementType: "Service",
        service: { addresses: ["LoadBalancerIP", "ExternalIP"] },
        selector: { matchLabels: { announce: "yes" } },
        attributes: { localPreference: 200 },
      },
      { advertisementType: "PodCIDR", attributes: { localPreference: 200 } },
    ]);
    const families = [
      {
        afi: "ipv4",
        safi: "unicast",
        advertisements: { matchLabels: { "talos-cilium/advertise": "bgp" } },
      },
    ];
    assert.deepEqual(
      peerConfigs.map(({ metadata, spec }) => [metadata.name, spec]),
      [
        [
          "routers",
          {
            timers: { holdTimeSeconds: 90, keepAliveTimeSeconds: 30 },
            gracefulRestart: { enabled: true },
            families,
          },
        ],
        [
          "routers-far",
          {
            timers: {
              connectRetryTimeSeconds: 12,
              holdTimeSeconds: 9,
              keepAliveTimeSeconds: 3,
            },
            authSecretRef: "bgp-password",
            ebgpMultihop: 4,
            gracefulRestart: { enabled: false },
            families,
          },
        ],
      ],
    );
    const [instance] = clusterConfig.spec.bgpInstances as { peers: object[] }[];
    assert.deepEqual(
      instance?.peers.map((peer) => valueAt(peer, "peerConfigRef.name")),
      ["routers", "routers-far"],
    );
  });

  it("stacks of one fabric advertise no route twice, those of two may", () => {
    const site = (id: number, fabric?: string) => ({
      stack: `site-${id}`,
      settings: settings({
        cluster: { name: `site-${id}`, id },
        nodes: { controlPlanes: [`10.${id}.0.10`] },
        lan: { name: `site-${id}`, cidr: `10.${id}.0.0/24` },
        loadBalancing: { pools: [{ cidr: "10.61.0.0/24" }] },
        bgp: { localAsn: 64512, fabric, peers: [{ ...PEER, address: `10.${id}.0.1` }] },
      }),
    });
    assert.throws(
      () => checkFleet([site(1), site(2)]),
      /site-2: loadBalancing\.pools\.0: 10\.61\.0\.0\/24 overlaps site-1: .*, and BGP advertises both/,
    );
    checkFleet([site(1, "north"), site(2, "south")]);
  });

  it("mapped addresses, labels that the API refuses and keys of JavaScript's are mistakes", () => {
    const refused: [Record<string, unknown>, RegExp][] = [
      [{ nodes: { controlPlanes: ["::ffff:192.168.10.100"] } }, /an IPv4 address mapped into IPv6/],
      [{ constructor: {} }, /^ {2}constructor: no such key/m],
      [
        { bgp: { nodeSelector: { matchLabels: { "a b": "c" } } } },
        /bgp\.nodeSelector\.matchLabels\.a b: /,
      ],
      [{ hubble: { metrics: ["Foo Bar"] } }, /hubble\.metrics\.0: not a metric/],
      [{ gatewayApi: { channel: "standard" } }, /gatewayApi\.version: missing/],
      [{ cilium: { version: "v1.18.6" } }, /the kernel of Talos 1\.12/],
    ];
    for (const [changes, message] of refused) assert.throws(() => settings(changes), message);
  });

  it("a pattern that JavaScript would try for hours is matched at once", () => {
    const changes = {
      routing: { devices: ["e".repeat(60)] },
      loadBalancing: { ...L2, policies: [{ interfaces: ["^(e+)+x$"] }] },
    };
    assert.throws(() => settings(changes), /it matches none of routing\.devices/);
  });
});
