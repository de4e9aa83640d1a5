import assert from "node:assert/strict";
import { knownCharts } from "../../../../config/derived/chartPaths";
import { VALUE_MAPPINGS } from "../../../../config/derived/managedValues";
import { RETIRED_VALUES } from "../../../../config/derived/retiredValues";
import { TALOS_VALUES } from "../../../../config/derived/talosValues";
import {
  unknownToChart,
  unknownUserValues,
  unknownValues,
} from "../../../../config/derived/unknownValues";
import { setAt } from "../../../../importer/tree";

/** Sentences about values, as a message has them. */
function sentences(values: Record<string, unknown>, version: string | undefined): string[] {
  return unknownValues(values, version).map(({ path, wrong, fix }) => `${path}: ${wrong}; ${fix}`);
}

function isCertain(values: Record<string, unknown>, version: string): boolean[] {
  return unknownValues(values, version).map((each) => each.isCertain);
}

/** Values that have one at a path. */
function nested(path: string): Record<string, unknown> {
  const values = {};
  setAt(values, path.split("."), "value");
  return values;
}

const NONE_SIMILAR = "leave it out, as it does nothing; the chart's values.yaml has those that do";

describe("values that a chart of Cilium does not have", () => {
  it("are named with the one that was probably meant", () => {
    const cases: [values: Record<string, unknown>, sentence: string][] = [
      [{ mtu: 1450 }, "mtu: the chart of Cilium 1.20 has no such value (1450); did you mean MTU?"],
      [
        { tunneling: { mtu: 9000 } },
        'tunneling: the chart of Cilium 1.20 has no such value ({"mtu":9000}); did you mean MTU?',
      ],
      [
        { hubble: { realy: { enabled: true } } },
        'hubble.realy: the chart of Cilium 1.20 has no such value ({"enabled":true}); did you mean hubble.relay?',
      ],
      [
        { gatewayClass: { create: "no" } },
        'gatewayClass: the chart of Cilium 1.20 has no such value ({"create":"no"}); did you mean gatewayAPI.gatewayClass?',
      ],
      [
        { whatever: "x".repeat(100) },
        `whatever: the chart of Cilium 1.20 has no such value ("${"x".repeat(79)}…); ${NONE_SIMILAR}`,
      ],
    ];
    for (const [values, sentence] of cases)
      assert.deepEqual(sentences(values, "1.20.2"), [sentence]);
  });

  it("are those of that minor version: gone since when, with what to do, or not there yet", () => {
    const gone = { nodePort: { enabled: true }, customCalls: { enabled: true } };
    assert.deepEqual(sentences(gone, "1.18.4"), []);
    assert.deepEqual(sentences(gone, "1.19.6"), [
      "nodePort.enabled: no chart since Cilium 1.19 has such a value (true); leave it out: kubeProxyReplacement does it",
      'customCalls: no chart since Cilium 1.19 has such a value ({"enabled":true}); leave it out: the feature is gone',
    ]);
    const strict = { encryption: { strictMode: { cidr: "10.0.0.0/8" } } };
    assert.deepEqual(sentences(strict, "1.19.6"), []);
    assert.match(sentences(strict, "1.20.2")[0] ?? "", /since Cilium 1\.20 .*egress\.cidr instead/);
    const unlisted = { loadBalancer: { standalone: true } };
    assert.deepEqual(sentences(unlisted, "1.20.2"), [
      "loadBalancer.standalone: no chart since Cilium 1.19 has such a value (true); leave it out",
    ]);
    assert.deepEqual(sentences({ minReadySeconds: 5 }, "1.19.6"), [
      "minReadySeconds: the chart of Cilium 1.19 has no such value (5); leave it out until you run Cilium 1.20, whose chart has it",
    ]);
    assert.deepEqual(sentences({ minReadySeconds: 5 }, "1.20.2"), []);
  });

  it("are certain for a known release, and for what is gone; a newer chart may have more", () => {
    const values = { brandNew: true, sessionAffinity: true, cgroup: { automount: true } };
    assert.deepEqual(isCertain(values, "1.19.6"), [true, true, true]);
    assert.deepEqual(isCertain(values, "1.19.1"), [true, true, true]);
    assert.deepEqual(isCertain(values, "1.19.7"), [false, true, true]);
    assert.deepEqual(isCertain(values, "1.21.3"), [false, true, true]);
    assert.match(sentences(values, "1.19.7")[0] ?? "", /Cilium 1\.19\.6, the newest 1\.19 that is/);
    assert.match(
      sentences(values, "1.21.3")[0] ?? "",
      /Cilium 1\.20, the newest that is known, has/,
    );
  });

  it("are known of an older version only where they are retired", () => {
    const values = { brandNew: true, tunnel: "disabled", "cgroup.automount": 1, hostServices: {} };
    assert.deepEqual(sentences({ ...values, sessionAffinity: true }, "1.17.3"), [
      "hostServices: no template of the chart reads it ({}); leave it out: kubeProxyReplacement does it",
      'tunnel: no chart since Cilium 1.15 has such a value ("disabled"); set routing.mode and routing.tunnelProtocol instead',
    ]);
  });

  it("are in no known chart where the version is not known", () => {
    const values = { mtu: 1, customCalls: { enabled: true }, minReadySeconds: 5 };
    assert.deepEqual(sentences(values, undefined), [
      "mtu: no chart of Cilium 1.18 to 1.20 has such a value (1); did you mean MTU?",
    ]);
  });

  it("may be what a chart of the user's own has: a warning with allowUntested, and in a folder nothing", () => {
    const values = { enterprise: true, cgroup: { automount: true } };
    const user = { chart: "cilium", version: "1.20.2", values, allowUntested: false };
    const certain = (changes: object) =>
      unknownUserValues({ ...user, ...changes }).map(({ path, isCertain }) => [path, isCertain]);
    assert.deepEqual(certain({}), [
      ["enterprise", true],
      ["cgroup.automount", true],
    ]);
    assert.deepEqual(certain({ chart: "oci://mirror.lan/cilium" }), certain({}));
    assert.deepEqual(certain({ chart: "./cilium-1.20.2.tgz" }), certain({}));
    assert.deepEqual(certain({ allowUntested: true }), [
      ["enterprise", false],
      ["cgroup.automount", true],
    ]);
    assert.deepEqual(certain({ chart: "./charts/cilium" }), [["cgroup.automount", true]]);
    assert.deepEqual(certain({ chart: "charts/cilium" }), [["cgroup.automount", true]]);
  });

  it("are not what stands below an empty value, what a template takes whole, or a global", () => {
    const values = {
      podAnnotations: { "example.org/a": "b" },
      nodeSelector: { "node.kubernetes.io/pool": "a" },
      resources: { limits: { memory: "1Gi" } },
      affinity: { nodeAffinity: {} },
      updateStrategy: { rollingUpdate: { maxSurge: 1 } },
      extraConfig: { "some-flag": "true" },
      extraEnv: [{ name: "A", value: "b" }],
      operator: { tolerations: [{ operator: "Exists" }], affinity: { podAffinity: {} } },
      hubble: {
        metrics: { enabled: ["dns"] },
        relay: { podDisruptionBudget: { maxUnavailable: 1 } },
      },
      devices: ["eth0"],
      loadBalancer: { mode: "dsr", dsrDispatch: "geneve", serviceTopology: true },
      global: { anything: true },
      l2announcements: { leaseDuration: "3s" },
    };
    for (const { version } of knownCharts()) assert.deepEqual(sentences(values, version), []);
  });

  it("are keys as they are written, and not what JavaScript makes of them", () => {
    const values = {
      "cgroup.hostRoot": "/x",
      constructor: { name: "" },
      hubble: { toString: 1 },
    };
    const paths = unknownValues(values, "1.20.2").map(({ path }) => path);
    assert.deepEqual(paths, ["cgroup.hostRoot", "constructor", "hubble.toString"]);
  });

  it("are told for a chart of one's own from its paths", () => {
    const [first, ...others] = unknownToChart(
      { debug: { enable: true }, more: 1, tunnel: "vxlan" },
      ["debug.enabled", "more"],
      "it is in /charts/cilium",
    ).map(({ path, wrong, fix }) => `${path}: ${wrong}; ${fix}`);
    assert.equal(
      first,
      "debug.enable: the chart has no such value (true, and it is in /charts/cilium); did you mean debug.enabled?",
    );
    assert.equal(others.length, 1);
    assert.match(others[0] ?? "", /^tunnel: .*; set routing\.mode/);
  });
});

describe("the known charts", () => {
  it("have every value that the program sets, but for images that came later", () => {
    const set = [...VALUE_MAPPINGS.map(({ path }) => path), ...Object.keys(TALOS_VALUES)];
    for (const { version } of knownCharts()) {
      const missing = set.filter((path) => {
        return unknownValues(nested(path), version).length > 0;
      });
      assert.deepEqual(
        missing.filter((path) => !path.includes(".image.")),
        [],
        version,
      );
    }
  });

  it("are without the values that are retired since their version or an older one", () => {
    for (const [path, { since }] of Object.entries(RETIRED_VALUES)) {
      const values = nested(path);
      for (const { minor, version } of knownCharts()) {
        const isGone = since === undefined || Number(minor.slice(2)) >= Number(since.slice(2));
        assert.equal(unknownValues(values, version).length, isGone ? 1 : 0, `${path} in ${minor}`);
      }
    }
  });
});
