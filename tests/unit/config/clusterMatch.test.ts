import assert from "node:assert/strict";
import {
  describeProblem,
  type LastState,
  matchCluster,
  type ObservedCluster,
  type ObservedCrd,
  type Settings,
} from "../../../config";
import { settingsFor } from "../../support/settingsFor";

const [MINE, OTHER] = [
  "11111111-1111-4111-8111-111111111111",
  "22222222-2222-4222-8222-222222222222",
];
const GATEWAYS = crd("gateways");
const TCP_ROUTES = crd("tcproutes");
const BUNDLE = [GATEWAYS.name];

/** The stack's own cluster, with all of it installed, after a complete update. */
const INSTALLED: ObservedCluster = {
  uid: MINE,
  nodes: [node("a", "192.168.10.100"), node("b", "192.168.10.110", "10.14.1.0/24")],
  cilium: { name: "talos-test", id: "3" },
  release: true,
  crds: [GATEWAYS],
  objects: {},
};
const EMPTY: ObservedCluster = { ...INSTALLED, cilium: undefined, release: false, crds: [] };
const LAST: LastState = {
  uid: MINE,
  attempt: { uid: MINE, madeAnew: false },
  release: { name: "talos-test", id: "3" },
  crds: BUNDLE,
  pools: [],
  retained: true,
};
const NEVER: LastState = {
  uid: undefined,
  attempt: undefined,
  release: undefined,
  crds: [],
  pools: [],
  retained: false,
};

describe("the judgement on a cluster", () => {
  const stack = settingsFor({});

  const accepted: [string, Partial<Case>][] = [
    ["the stack's own", {}],
    ["an empty one, for a stack that was never applied", { observed: EMPTY, last: NEVER }],
    ["one without a node yet", { observed: { ...EMPTY, nodes: [] }, last: NEVER }],
    [
      "one whose Cilium something else has installed under the stack's name",
      { observed: INSTALLED, last: NEVER },
    ],
    [
      "one whose node has an IPv6 address, too",
      { observed: withNode("192.168.10.101", "fd00::1") },
    ],
    [
      "one with a node that has no address yet",
      { observed: { ...INSTALLED, nodes: [...INSTALLED.nodes, joining()] } },
    ],
    [
      "the stack's own, whose state is from before UIDs were kept, renamed",
      {
        settings: settingsFor({
          cluster: { name: "renamed", id: 9 },
          cilium: { allowChanges: ["cluster.name", "cluster.id"] },
        }),
        last: { ...LAST, uid: undefined, attempt: undefined },
      },
    ],
    ["the stack's own, where Helm keeps no Secret", { observed: { ...INSTALLED, release: false } }],
    [
      "another one that is named by its UID, and whose changes are allowed",
      {
        settings: settingsFor({
          cluster: { uid: OTHER },
          cilium: { allowChanges: ["cluster.name", "cluster.id", "network.podCidrs"] },
        }),
        observed: foreign(),
      },
    ],
    [
      "one whose dropped CRD is named, and holds nothing",
      {
        settings: settingsFor({ gatewayApi: { removeCrds: [TCP_ROUTES.name] } }),
        observed: { ...INSTALLED, crds: [GATEWAYS, TCP_ROUTES] },
        last: { ...LAST, crds: [GATEWAYS.name, TCP_ROUTES.name] },
      },
    ],
    [
      "one that has a CRD of somebody else's",
      { observed: { ...INSTALLED, crds: [GATEWAYS, TCP_ROUTES] } },
    ],
  ];
  for (const [what, given] of accepted) {
    it(`accepts ${what}`, () => assert.deepEqual(problemsOf(given), []));
  }

  const refused: [string, Partial<Case>, RegExp[]][] = [
    [
      "another cluster than last time, with something in it",
      { observed: { ...INSTALLED, uid: OTHER } },
      [
        /^cluster: the kubeconfig leads to another cluster than the last update did, with Cilium \(cluster\.name talos-test\), a Helm release, the Gateway API in it \(UID of kube-system: 2222.*, last time 1111.*\); correct .*KUBECONFIG; .* set cluster\.uid: 22222222-2222-4222-8222-222222222222$/,
      ],
    ],
    [
      "foreign nodes",
      { observed: { ...EMPTY, nodes: [node("x", "192.168.20.5")] }, last: NEVER },
      [
        /^nodes: the cluster has nodes that the stack does not \(x: 192\.168\.20\.5; the stack has 192\.168\.10\.100, .*\); add them to nodes/,
      ],
    ],
    [
      "some foreign nodes among the stack's",
      { observed: withNode("192.168.20.5"), last: NEVER },
      [/^nodes: .*\(new: 192\.168\.20\.5; /],
    ],
    [
      "another cluster's name and id",
      { observed: { ...INSTALLED, cilium: { name: "site-b", id: "9" } }, last: NEVER },
      [
        /^cluster\.name: Cilium is installed there with another name \(site-b, and the stack has talos-test\); correct/,
        /^cluster\.id: .* another id \(9, and the stack has 3\); correct/,
      ],
    ],
    [
      "pod CIDRs outside of the stack's",
      {
        observed: { ...INSTALLED, nodes: [node("a", "192.168.10.100", "10.77.0.0/24")] },
        last: NEVER,
      },
      [/^network\.podCidrs: nodes have pod CIDRs outside of them \(a: 10\.77\.0\.0\/24; /],
    ],
    [
      "one that is not the named one",
      { settings: settingsFor({ cluster: { uid: OTHER } }) },
      [/^cluster\.uid: the kubeconfig leads to another cluster \(1111.*, not 2222.*\)/],
    ],
    [
      "an empty one of other nodes than last time",
      { observed: { ...EMPTY, uid: OTHER, nodes: [node("x", "192.168.20.5")] } },
      [
        /^nodes: the cluster has nodes that the stack does not/,
        /^nodes: .*none of the stack's nodes/,
      ],
    ],
    [
      "one made anew whose old objects the engine would delete in it",
      { observed: { ...EMPTY, uid: OTHER }, last: { ...LAST, retained: false } },
      [
        /^cluster: the stack's state has what the cluster has not \(the Release cilium, gateways\..*\); install it again: pulumi refresh, then pulumi up$/,
      ],
    ],
    [
      "one that has lost the Release",
      { observed: { ...INSTALLED, release: false, cilium: undefined } },
      [/^cluster: .*\(the Release cilium\); .*pulumi refresh, then pulumi up$/],
    ],
    [
      "a change that drops a kind with objects, even where the key names it",
      {
        settings: settingsFor({ gatewayApi: { removeCrds: [TCP_ROUTES.name] } }),
        observed: {
          ...INSTALLED,
          crds: [GATEWAYS, TCP_ROUTES],
          objects: {
            [TCP_ROUTES.name]: Array.from(
              { length: 12 },
              (_, index) => `TCPRoute default/${index}`,
            ),
          },
        },
        last: { ...LAST, crds: [GATEWAYS.name, TCP_ROUTES.name] },
      },
      [
        /^gatewayApi: objects would be deleted with their kinds, .* \(TCPRoute default\/0, .* and 2 more; v1\.3\.0, experimental\); save/,
      ],
    ],
    [
      "a change that drops a kind without the key",
      {
        observed: { ...INSTALLED, crds: [GATEWAYS, TCP_ROUTES] },
        last: { ...LAST, crds: [GATEWAYS.name, TCP_ROUTES.name] },
      },
      [
        /^gatewayApi\.removeCrds: the stack no longer has CRDs that it installed \(tcproutes.*\); .* set gatewayApi\.removeCrds: \["tcproutes\.gateway\.networking\.k8s\.io"\]$/,
      ],
    ],
    [
      "the Gateway API's end without the key, whether the cluster has the CRDs or not",
      {
        settings: settingsFor({ gatewayApi: { enabled: false } }),
        observed: { ...INSTALLED, crds: [] },
        bundle: [],
      },
      [
        /^gatewayApi\.removeCrds: the stack no longer has CRDs that it installed \(gateways.*; gatewayApi is off\); .* set gatewayApi\.enabled: false and gatewayApi\.removeCrds: \["gateways\.gateway\.networking\.k8s\.io"\]$/,
      ],
    ],
    [
      "the Gateway API's end while there are objects",
      {
        settings: settingsFor({
          gatewayApi: { enabled: false, removeCrds: [GATEWAYS.name] },
        }),
        observed: { ...INSTALLED, objects: { [GATEWAYS.name]: ["Gateway default/mine"] } },
        bundle: [],
      },
      [/^gatewayApi: .* \(Gateway default\/mine; gatewayApi is off\); .* or keep gatewayApi on$/],
    ],
    [
      "the removal of a CRD that is to be installed",
      { settings: settingsFor({ gatewayApi: { removeCrds: [GATEWAYS.name] } }) },
      [/^gatewayApi\.removeCrds: the bundle has these CRDs \(gateways/],
    ],
  ];
  for (const [what, given, expected] of refused) {
    it(`refuses ${what}`, () => {
      const problems = problemsOf(given);
      assert.equal(problems.length, expected.length, problems.join("\n"));
      for (const [index, pattern] of expected.entries())
        assert.match(problems[index] ?? "", pattern);
    });
  }

  it("takes an empty cluster with another UID and the stack's nodes for one made anew", () => {
    const { problems, madeAnew } = judge({ observed: { ...EMPTY, uid: OTHER } });
    assert.deepEqual([problems, madeAnew], [[], true]);
  });

  it("takes no cluster with Cilium's CRDs for an empty one, in whatever namespace it runs", () => {
    const observed = { ...EMPTY, uid: OTHER, crds: [crd("ciliumnodes", "cilium.io")] };
    assert.match(problemsOf({ observed })[0] ?? "", /another cluster .* with Cilium's CRDs in it/);
  });

  it("goes on with one made anew after an update that failed half-way", () => {
    const last = { ...LAST, attempt: { uid: OTHER, madeAnew: true } };
    const { problems, madeAnew } = judge({ observed: { ...INSTALLED, uid: OTHER }, last });
    assert.deepEqual([problems, madeAnew], [[], true]);
  });

  it("takes no cluster that is named by its UID, and not empty, for one made anew", () => {
    const named = settingsFor({ cluster: { uid: OTHER } });
    assert.equal(judge({ settings: named, observed: foreign() }).madeAnew, false);
    const last = { ...LAST, attempt: { uid: OTHER, madeAnew: false } };
    assert.equal(judge({ settings: named, observed: foreign(), last }).madeAnew, false);
  });

  it("warns of an allowed new name and of new nodes on the cluster of the last update, and lets them through", () => {
    const renamed = settingsFor({
      cluster: { name: "renamed" },
      cilium: { allowChanges: ["cluster.name"] },
    });
    const { problems, warnings } = judge({ settings: renamed, observed: withNode("192.168.20.5") });
    assert.deepEqual(problems, []);
    const [nodes = "", name = ""] = warnings.map(describeProblem);
    assert.match(
      name,
      /^cluster\.name: it changes in a live cluster \(talos-test is installed, renamed in the stack\), as cilium\.allowChanges says; expect that every agent restarts/,
    );
    assert.match(nodes, /^nodes: .*\(new: 192\.168\.20\.5; /);
  });

  interface Case {
    readonly settings: Settings;
    readonly observed: ObservedCluster;
    readonly last: LastState;
    readonly bundle: readonly string[];
  }

  function judge({
    settings = stack,
    observed = INSTALLED,
    last = LAST,
    bundle = BUNDLE,
  }: Partial<Case>) {
    return matchCluster(settings, observed, last, bundle);
  }

  function problemsOf(given: Partial<Case>): string[] {
    return judge(given).problems.map(describeProblem);
  }
});

function node(name: string, address: string, ...podCidrs: string[]) {
  return { name, addresses: [address], podCidrs };
}

function joining() {
  return { name: "joining", addresses: [], podCidrs: [] };
}

function withNode(...addresses: string[]): ObservedCluster {
  return { ...INSTALLED, nodes: [...INSTALLED.nodes, { name: "new", addresses, podCidrs: [] }] };
}

function foreign(): ObservedCluster {
  return {
    ...INSTALLED,
    uid: OTHER,
    nodes: [node("x", "192.168.20.5", "10.77.0.0/24")],
    cilium: { name: "site-b", id: "9" },
  };
}

function crd(plural: string, group = "gateway.networking.k8s.io"): ObservedCrd {
  return { name: `${plural}.${group}`, kind: plural, group, plural, version: "v1" };
}
