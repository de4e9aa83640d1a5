import assert from "node:assert/strict";
import { valueAt } from "../../../config";
import { importValues } from "../../../importer/importValues";
import type { Tree } from "../../../importer/tree";

const VALUES = { bgpControlPlane: { enabled: true } };

function object(kind: string, name: string, spec: Tree): Tree {
  return { apiVersion: "cilium.io/v2", kind, metadata: { name }, spec };
}

function clusterConfig(peers: Tree[], more: Tree = {}): Tree {
  const bgpInstances = [{ name: "racks", localASN: 65001, peers, ...more }];
  return object("CiliumBGPClusterConfig", "racks", { bgpInstances });
}

const PEER = {
  name: "tor",
  peerASN: 65000,
  peerAddress: "10.9.0.1",
  peerConfigRef: { name: "tor" },
};
const ALL_SERVICES = object("CiliumBGPAdvertisement", "vips", {
  advertisements: [
    { advertisementType: "Service", service: { addresses: ["LoadBalancerIP"] }, selector: {} },
  ],
});

/** Everything that an import says of its BGP: the key bgp, and its report. */
function importBgp(...manifests: Tree[]): { bgp: unknown; said: string } {
  const { config, missing, changes } = importValues(VALUES, manifests);
  return {
    bgp: config.bgp,
    said: [
      ...missing.map(({ path, why }) => `${path}: ${why}`),
      ...changes.map(({ what, why }) => `${what}: ${why}`),
    ].join("\n"),
  };
}

describe("BGP manifests", () => {
  it("become the key bgp", () => {
    const config = object("CiliumBGPPeerConfig", "tor", {
      timers: { holdTimeSeconds: 9, keepAliveTimeSeconds: 3 },
      gracefulRestart: { enabled: true },
    });
    const { bgp, said } = importBgp(clusterConfig([PEER]), config, ALL_SERVICES);
    assert.equal(valueAt(bgp as Tree, "localAsn"), 65001);
    assert.deepEqual(valueAt(bgp as Tree, "peers"), [
      { name: "tor", address: "10.9.0.1", asn: 65000 },
    ]);
    assert.equal(valueAt(bgp as Tree, "holdTime"), 9);
    assert.equal(valueAt(bgp as Tree, "keepAlive"), 3);
    assert.match(said, /CiliumBGPClusterConfig racks, .+: the stack makes objects of its own/);
    assert.doesNotMatch(said, /bgp\.peers: the values turn BGP on/);
  });

  it("of the generation before 1.16 become it, too", () => {
    const { bgp } = importBgp(
      object("CiliumBGPPeeringPolicy", "old", {
        nodeSelector: { matchLabels: { rack: "a" } },
        virtualRouters: [
          {
            localASN: 65002,
            exportPodCIDR: true,
            neighbors: [
              {
                peerAddress: "10.9.0.2/32",
                peerASN: 65000,
                holdTimeSeconds: 30,
                keepAliveTimeSeconds: 10,
              },
            ],
          },
        ],
      }),
    );
    assert.equal(valueAt(bgp as Tree, "localAsn"), 65002);
    assert.equal(valueAt(bgp as Tree, "peers.0.address"), "10.9.0.2");
    assert.deepEqual(valueAt(bgp as Tree, "advertise"), ["PodCIDR"]);
    assert.deepEqual(valueAt(bgp as Tree, "nodeSelector"), { matchLabels: { rack: "a" } });
    assert.equal(valueAt(bgp as Tree, "holdTime"), 30);
  });

  /** Each of these is carried over where the configuration has a key for it, and named where it has none. */
  const fields: readonly [name: string, spec: Tree, key: string, value: unknown][] = [
    ["a password", { authSecretRef: "secret" }, "passwordSecret", "secret"],
    ["multihop", { ebgpMultihop: 4 }, "multihop", 4],
    ["another port", { transport: { peerPort: 1179 } }, "port", 1179],
    ["the time between attempts", { timers: { connectRetryTimeSeconds: 5 } }, "connectRetry", 5],
    ["no graceful restart", { gracefulRestart: { enabled: false } }, "gracefulRestart", false],
  ];
  for (const [name, spec, key, value] of fields) {
    it(`${name} is carried over, or named`, () => {
      const config = object("CiliumBGPPeerConfig", "tor", spec);
      const { bgp, said } = importBgp(clusterConfig([PEER]), config, ALL_SERVICES);
      const carried = valueAt(bgp as Tree, key) ?? valueAt(bgp as Tree, `peers.0.${key}`);
      if (carried === undefined) assert.ok(said.includes(`${key} (${value})`), said);
      else assert.equal(carried, value);
    });
  }

  const named: readonly [name: string, manifests: Tree[], said: RegExp][] = [
    [
      "sessions of another AS number",
      [
        clusterConfig([PEER]),
        { ...clusterConfig([{ ...PEER, peerAddress: "10.9.0.8" }], { localASN: 65009 }) },
      ],
      /BGP session with 10\.9\.0\.8, of AS 65009 .+keep its manifests/,
    ],
    [
      "a configuration of the peer that is not among the files",
      [clusterConfig([PEER]), ALL_SERVICES],
      /peer tor: its CiliumBGPPeerConfig tor is not among the files/,
    ],
    [
      "communities",
      [
        clusterConfig([PEER]),
        object("CiliumBGPAdvertisement", "vips", {
          advertisements: [
            {
              advertisementType: "PodCIDR",
              attributes: { communities: { standard: ["65000:1"] } },
            },
          ],
        }),
      ],
      /attributes\.communities .+65000:1/,
    ],
    [
      "what single nodes have of their own",
      [clusterConfig([PEER]), ALL_SERVICES, object("CiliumBGPNodeConfigOverride", "node-1", {})],
      /CiliumBGPNodeConfigOverride node-1: bgp has no key/,
    ],
    [
      "a peer's configuration without a session",
      [object("CiliumBGPPeerConfig", "p", { ebgpMultihop: 4, authSecretRef: "bgp-password" })],
      /CiliumBGPPeerConfig p: no CiliumBGPClusterConfig .+multihop, passwordSecret/,
    ],
  ];
  for (const [name, manifests, said] of named) {
    it(`${name}: named in the report`, () => assert.match(importBgp(...manifests).said, said));
  }
});
