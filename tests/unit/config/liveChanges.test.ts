import assert from "node:assert/strict";
import deepmerge from "deepmerge";
import {
  describeProblem,
  type LastState,
  matchCluster,
  matchLastState,
  type ObservedCluster,
} from "../../../config";
import {
  CILIUM_RELEASE,
  type Installed,
  installedByConfig,
  installedBySettings,
} from "../../../config/installed";
import { CHANGES, type ChangeName } from "../../../config/schema/changes";
import { settingsFor } from "../../support/settingsFor";

const UID = "11111111-1111-4111-8111-111111111111";

/** The base fixture's stack, as it runs. */
const RUNNING = installedBySettings(settingsFor({}));
const NEVER: LastState = {
  uid: undefined,
  attempt: undefined,
  release: undefined,
  crds: [],
  pools: [],
  retained: false,
};
const POOL = { mode: "cluster-pool", operator: { clusterPoolIPv4PodCIDRList: ["10.14.0.0/16"] } };
const OF_POOL = { cilium: { values: { ipam: POOL } } };

/** One case for each change: what runs, what a stack says instead, and how the refusal begins. */
const REFUSED: readonly {
  readonly name: ChangeName;
  readonly what: string;
  readonly installed?: Installed;
  readonly change?: object;
  readonly refusal: RegExp;
}[] = [
  {
    name: "release",
    what: "a release with another name",
    installed: { ...RUNNING, release: { ...CILIUM_RELEASE, name: "cilium-cni" } },
    refusal:
      /^release: .*\(kube-system\/cilium-cni is installed, kube-system\/cilium in the stack\)/,
  },
  {
    name: "release",
    what: "a release in another namespace",
    installed: { ...RUNNING, release: { ...CILIUM_RELEASE, namespace: "cilium" } },
    refusal: /^release: .*\(cilium\/cilium is installed, /,
  },
  {
    name: "cluster.name",
    what: "another name of the cluster",
    change: { cluster: { name: "renamed" } },
    refusal: /^cluster\.name: .*\(talos-test is installed, renamed in the stack\)/,
  },
  {
    name: "cluster.id",
    what: "another id of the cluster",
    change: { cluster: { id: 4 } },
    refusal: /^cluster\.id: .*\(3 is installed, 4 in the stack\)/,
  },
  {
    name: "network.podCidrs",
    what: "another pod CIDR",
    installed: { ...RUNNING, podCidrs: ["10.20.0.0/16"] },
    refusal: /^network\.podCidrs: .*\(10\.20\.0\.0\/16 is installed, 10\.14\.0\.0\/16 in the stack/,
  },
  {
    name: "network.podCidrs",
    what: "a wider pod CIDR",
    installed: { ...RUNNING, podCidrs: ["10.14.0.0/17"] },
    refusal: /^network\.podCidrs: .*\(10\.14\.0\.0\/17 is installed, 10\.14\.0\.0\/16 in the stack/,
  },
  {
    name: "network.podCidrs",
    what: "a pod CIDR less",
    installed: { ...RUNNING, podCidrs: ["10.14.0.0/16", "fd00:14::/64"] },
    refusal: /^network\.podCidrs: .*\(10\.14\.0\.0\/16, fd00:14::\/64 is installed, /,
  },
  {
    name: "network.podCidrs",
    what: "another CIDR of the cluster pool",
    installed: { ...RUNNING, ...installedByConfig(ofPool({})) },
    change: deepmerge(OF_POOL, {
      cilium: { values: { ipam: { operator: { clusterPoolIPv4MaskSize: 24 } } } },
    }),
    refusal:
      /^cilium\.values\.ipam\.operator\.clusterPoolIPv4PodCIDRList: .*\(10\.14\.0\.0\/17, 10\.14\.128\.0\/17 is installed, 10\.14\.0\.0\/16 in the stack/,
  },
  {
    name: "network.podCidrs",
    what: "another mask size of the cluster pool",
    installed: {
      ...RUNNING,
      ...installedByConfig(ofPool({ "cluster-pool-ipv4-cidr": "10.14.0.0/16" })),
    },
    change: deepmerge(OF_POOL, {
      cilium: { values: { ipam: { operator: { clusterPoolIPv4MaskSize: 25 } } } },
    }),
    refusal:
      /^cilium\.values\.ipam\.operator\.clusterPoolIPv4MaskSize: .*\(24 is installed, 25 in the stack/,
  },
  {
    name: "ipam.mode",
    what: "another IPAM mode",
    change: OF_POOL,
    refusal: /^cilium\.values\.ipam\.mode: .*\(kubernetes is installed, cluster-pool in the stack/,
  },
  {
    name: "cilium.version",
    what: "a minor version skipped, up",
    installed: { ...RUNNING, version: "1.16.9" },
    refusal:
      /^cilium\.version: .*\(1\.16\.9 is installed, 1\.18\.4 in the stack\).*operations\/upgrade\/\); go to 1\.17 first,/,
  },
  {
    name: "cilium.version",
    what: "a minor version skipped, down",
    installed: { ...RUNNING, version: "1.20.2" },
    refusal: /^cilium\.version: .*\(1\.20\.2 is installed, .*; go to 1\.19 first,/,
  },
  {
    name: "cilium.version",
    what: "another major version",
    installed: { ...RUNNING, version: "2.18.0" },
    refusal: /^cilium\.version: .*\(2\.18\.0 is installed, .*; go to the version beside it first,/,
  },
];

describe("changes of a live cluster", () => {
  it("have a case each", () => {
    assert.deepEqual(new Set(REFUSED.map(({ name }) => name)), new Set(CHANGES));
  });

  for (const { name, what, installed = RUNNING, change = {}, refusal } of REFUSED) {
    it(`refuse ${what}, by the last state and by the cluster, unless the key allows it`, () => {
      for (const judge of [byState, byCluster]) {
        const [problem = "", ...others] = judge(change, installed).problems;
        assert.match(problem, refusal);
        assert.match(
          problem,
          /https:\/\/\S+(, .*)?\); .*, or, if the change is meant, set cilium\.allowC/,
        );
        assert.ok(problem.endsWith(`cilium.allowChanges: ["${name}"]`), problem);
        assert.deepEqual(others, []);

        const allowed = deepmerge(change, { cilium: { allowChanges: [name] } });
        const { problems, warnings } = judge(allowed, installed);
        assert.deepEqual(problems, []);
        assert.match(warnings.join("\n"), /it changes in a live cluster .*; expect that /);
      }
    });
  }

  const accepted: readonly [what: string, change: object, installed?: Installed][] = [
    ["no change", {}],
    [
      "a second pod CIDR",
      { network: { podCidrs: ["fd00:14::/56"], serviceCidrs: ["fd00:15::/112"] } },
    ],
    ["a patch version up", {}, { ...RUNNING, version: "1.18.1" }],
    ["a patch version down", {}, { ...RUNNING, version: "1.18.9" }],
    ["one minor version up", {}, { ...RUNNING, version: "1.17.9" }],
    ["one minor version down", {}, { ...RUNNING, version: "1.19.6" }],
    [
      "one more CIDR of the cluster pool",
      OF_POOL,
      {
        ...RUNNING,
        ...installedBySettings(settingsFor(OF_POOL)),
        clusterPools: [{ family: "IPv4", cidrs: [], maskSize: "24" }],
      },
    ],
    ["a Cilium that is not Helm's", {}, { ...RUNNING, release: undefined, version: undefined }],
    ["a version that is no version", {}, { ...RUNNING, version: "main" }],
  ];
  for (const [what, change, installed = RUNNING] of accepted) {
    it(`accept ${what}`, () => {
      for (const judge of [byState, byCluster]) {
        assert.deepEqual(judge(change, installed), { problems: [], warnings: [] });
      }
    });
  }

  it("accept a first install, and its repetition after a failure", () => {
    const { problems } = byState({ cluster: { name: "other", id: 9 } }, {});
    assert.deepEqual(problems, []);
    const empty = { ...observed({}), cilium: undefined, release: false, crds: [] };
    assert.deepEqual(matchCluster(settingsFor({}), empty, NEVER, []).problems, []);
  });

  it("count by what the cluster itself tells, where the state remembers something else", () => {
    // Somebody has gone to 1.19 with Helm.
    const settings = settingsFor({ cilium: { version: "1.20.2", allowUntested: true } });
    const last = stateOf({ ...RUNNING, version: "1.18.4" });
    const cluster = observed({ ...RUNNING, version: "1.19.6" });
    assert.deepEqual(matchCluster(settings, cluster, last, []).problems, []);
    assert.equal(matchLastState(settings, last, []).problems.length, 1);
  });

  it("count in another cluster, which cluster.uid names, by what that one tells", () => {
    const uid = "22222222-2222-4222-8222-222222222222";
    const settings = settingsFor({ cluster: { uid } });
    const cluster = { ...observed({ ...RUNNING, id: "9" }), uid };
    const [problem, ...others] = matchCluster(
      settings,
      cluster,
      stateOf({ ...RUNNING, version: "1.20.2" }),
      [],
    ).problems.map(describeProblem);
    assert.match(problem ?? "", /^cluster\.id: .*\(9 is installed, 3 in the stack/);
    assert.deepEqual(others, []);
  });

  it("warn of a change that is allowed, and that the update does not make", () => {
    for (const judge of [byState, byCluster]) {
      const { warnings } = judge({ cilium: { allowChanges: ["cluster.id"] } }, RUNNING);
      assert.deepEqual(warnings, [
        "cilium.allowChanges: it allows a change that this update does not make (cluster.id); leave it out, so that the change is refused again",
      ]);
    }
  });

  it("name, with the one that is missing, those that are allowed already", () => {
    const change = {
      cluster: { name: "renamed", id: 4 },
      cilium: { allowChanges: ["cluster.id"] },
    };
    const [problem = ""] = byState(change, RUNNING).problems;
    assert.match(problem, /set cilium\.allowChanges: \["cluster\.name","cluster\.id"\]$/);
  });
});

function byState(change: object, installed: Installed) {
  return described(matchLastState(settingsFor(change), stateOf(installed), []));
}

function byCluster(change: object, installed: Installed) {
  // Kubernetes does not tell the pods' CIDRs: they are the state's.
  const { podCidrs } = installed;
  return described(
    matchCluster(settingsFor(change), observed(installed), stateOf({ podCidrs }), []),
  );
}

function described({ problems, warnings }: ReturnType<typeof matchLastState>) {
  return { problems: problems.map(describeProblem), warnings: warnings.map(describeProblem) };
}

function stateOf(installed: Installed): LastState {
  return { ...NEVER, uid: UID, attempt: { uid: UID, madeAnew: false }, release: installed };
}

function observed({ release, version, ...cilium }: Installed): ObservedCluster {
  return {
    uid: UID,
    nodes: [{ name: "a", addresses: ["192.168.10.100"], podCidrs: [] }],
    cilium: { ...cilium, podCidrs: undefined },
    release: true,
    version,
    owner: release,
    crds: [],
    objects: {},
  };
}

function ofPool(data: Readonly<Record<string, string>>): Record<string, string> {
  return {
    "cluster-name": "talos-test",
    "cluster-id": "3",
    ipam: "cluster-pool",
    "cluster-pool-ipv4-cidr": "10.14.0.0/17 10.14.128.0/17",
    "cluster-pool-ipv4-mask-size": "24",
    ...data,
  };
}
