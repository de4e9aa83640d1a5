import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { valueAt } from "../../../config";
import type { Change } from "../../../importer/importReport";
import { importValues } from "../../../importer/importValues";
import { callCommand } from "../commands/runCommand";
import { configIn, ROOT, settingsFrom, stackConfig } from "./stacks";

const FIXTURES = join(ROOT, "tests/fixtures/import");
const GIVEN = [
  "cilium.version=1.18.4",
  "gatewayApi.version=v1.3.0",
  "nodes.controlPlanes=[192.168.10.100, 192.168.10.101, 192.168.10.102]",
  "lan.cidr=192.168.10.0/24",
  "network.serviceCidrs=[10.15.0.0/16]",
  "routing.devices=[ens18]",
].flatMap((setting) => ["--set", setting]);

/** Runs the command in one of the fixtures' folders. */
async function run(folder: string, ...args: string[]) {
  const cwd = join(FIXTURES, folder);
  const { exitCode, stdout, stderr } = await callCommand("commands/importValues.ts", args, cwd);
  return { exitCode, stdout, lines: stderr.split("\n").filter(Boolean) };
}

/** A pool for tests that are not about it. */
const POOL = {
  kind: "CiliumLoadBalancerIPPool",
  metadata: { name: "services" },
  spec: { blocks: [{ start: "192.168.10.50", stop: "192.168.10.99" }] },
};

function policy(name: string, spec: object) {
  return { kind: "CiliumL2AnnouncementPolicy", metadata: { name }, spec };
}

/** The lines about what changes. */
function reportOf(changes: readonly Change[]): string {
  return changes.map(({ what, why }) => `${what}: ${why}`).join("\n");
}

describe("values and manifests become a configuration", () => {
  const cases: { name: string; values: object; path: string; is: unknown }[] = [
    {
      name: "a chart that says nothing of routing tunnels",
      values: {},
      path: "routing",
      is: { mode: "tunnel" },
    },
    {
      name: "encryption without a type is IPsec",
      values: { encryption: { enabled: true } },
      path: "encryption",
      is: { type: "ipsec" },
    },
    {
      name: "a type of encryption that is off is none",
      values: { encryption: { enabled: false, type: "wireguard" } },
      path: "encryption",
      is: undefined,
    },
    {
      name: "routes that Cilium does not install, as the values say nothing of them, are the network's",
      values: { routingMode: "native" },
      path: "routing.routes",
      is: "network",
    },
    {
      name: "geneve beside native routing stays a value of the chart",
      values: { routingMode: "native", tunnelProtocol: "geneve" },
      path: "cilium.values.tunnelProtocol",
      is: "geneve",
    },
    {
      name: "images from several registries stay values of the chart",
      values: {
        image: { repository: "a.lan/cilium/cilium" },
        operator: { image: { repository: "b.lan/cilium/operator" } },
      },
      path: "cilium.values",
      is: {
        image: { repository: "a.lan/cilium/cilium" },
        operator: { image: { repository: "b.lan/cilium/operator" } },
        ipam: { mode: "cluster-pool" },
      },
    },
    {
      name: "a value of the program's own that differs stays a value of the chart",
      values: { ipam: { mode: "cluster-pool" } },
      path: "cilium.values",
      is: { ipam: { mode: "cluster-pool" } },
    },
    {
      name: "a kube-proxy that is not replaced stays so",
      values: { kubeProxyReplacement: "disabled" },
      path: "kubeProxyReplacement",
      is: false,
    },
    {
      name: "keys of labels stay as they are spelt, whatever JavaScript makes of them",
      values: { podLabels: { "a.b/c": "d", constructor: "e", prototype: { toString: "f" } } },
      path: "cilium.values.podLabels",
      is: { "a.b/c": "d", constructor: "e", prototype: { toString: "f" } },
    },
    {
      name: "keys that are numbers do not make a list",
      values: { extraConfig: { "0": "a", "[1]": "b", "2": { "0": "c" } } },
      path: "cilium.values.extraConfig",
      is: { "0": "a", "[1]": "b", "2": { "0": "c" } },
    },
    {
      name: "a key with dots in it is no path of a value with a key",
      values: { "cluster.name": "dotted", podLabels: { "ipv4.enabled": "no" } },
      path: "cilium.values",
      is: { podLabels: { "ipv4.enabled": "no" }, ipam: { mode: "cluster-pool" } },
    },
  ];
  for (const { name, values, path, is } of cases) {
    it(name, () => assert.deepEqual(valueAt(importValues(values, [POOL]).config, path), is));
  }

  it("a rate limit below the least becomes that", () => {
    const { config, changes } = importValues({ k8sClientRateLimit: { qps: 12 } }, [
      POOL,
      {
        kind: "CiliumL2AnnouncementPolicy",
        metadata: { name: "announced" },
        spec: { loadBalancerIPs: true },
      },
    ]);
    assert.equal(valueAt(config, "loadBalancing.services"), undefined);
    assert.deepEqual(
      changes.filter(({ what }) => what.startsWith("k8sClientRateLimit.qps (12)")),
      [
        {
          harm: "other",
          what: "k8sClientRateLimit.qps (12)",
          why: "becomes 20: loadBalancing.services decides this value",
        },
      ],
    );
  });

  it("values that the chart does not have are left out, with what was meant, or since when they are gone", () => {
    const values = {
      ipam: { mode: "kubernetes" },
      mtu: 1450,
      tunneling: { mtu: 9000 },
      localRedirectPolicies: { enbled: true },
      "cluster.name": "dotted",
      sessionAffinity: true,
    };
    const settings = { "cilium.version": "1.19.6" };
    const { config, changes } = importValues(values, [POOL], { settings });
    assert.deepEqual(config.cilium, { version: "1.19.6" });
    const told = changes.filter(({ why }) => /such a? ?value/.test(why));
    assert.deepEqual(
      told.map(({ what, why }) => `${what}: ${why}`),
      [
        "mtu: left out, as it does nothing: the chart of Cilium 1.19 has no such value (1450); did you mean MTU?",
        'tunneling: left out, as it does nothing: the chart of Cilium 1.19 has no such value ({"mtu":9000}); did you mean MTU?',
        "localRedirectPolicies.enbled: left out, as it does nothing: the chart of Cilium 1.19 has no such value (true); did you mean localRedirectPolicies.enabled?",
        'cluster.name: left out, as it does nothing: the chart of Cilium 1.19 has no such value ("dotted"); write it as keys in each other, cluster: { name: … }',
        "sessionAffinity: left out, as it does nothing: no chart since Cilium 1.19 has such a value (true); leave it out: it is always on",
      ],
    );
  });

  it("a value that a newer chart may have is kept, and so is one of a chart in a folder", () => {
    const values = { ipam: { mode: "kubernetes" }, brandNew: true };
    const newer = importValues(values, [POOL], { settings: { "cilium.version": "1.21.2" } });
    assert.deepEqual(valueAt(newer.config, "cilium.values"), { brandNew: true });
    assert.match(
      newer.changes.find(({ what }) => what === "brandNew")?.why ?? "",
      /^kept: the chart of Cilium 1\.20, the newest that is known, has no such value \(true\); /,
    );
    const folder = importValues(values, [POOL], {
      settings: { "cilium.version": "1.20.2", "cilium.chart": "./charts/cilium" },
    });
    assert.deepEqual(valueAt(folder.config, "cilium.values"), { brandNew: true });
    assert.equal(
      folder.changes.find(({ what }) => what === "brandNew"),
      undefined,
    );
  });

  it("a key that JavaScript takes for a prototype is dropped, and sets nothing", () => {
    const values = JSON.parse('{"__proto__": {"polluted": true}, "podLabels": {"__proto__": "a"}}');
    const { config, changes } = importValues({ ipam: { mode: "kubernetes" }, ...values }, [POOL]);
    assert.equal(({} as { polluted?: boolean }).polluted, undefined);
    assert.equal(config.cilium, undefined);
    assert.deepEqual(
      changes.filter(({ why }) => why.includes("no key can have")).map(({ what }) => what),
      ["__proto__.polluted (true)", "podLabels.__proto__ (a)"],
    );
  });

  it("every misshapen element of a list is named, each by its own place", () => {
    const settings = { "nodes.workers": ["worker-1", "192.168.10.110", "worker-3"] };
    const { missing } = importValues({}, [POOL], { settings });
    assert.deepEqual(
      missing.flatMap(({ path }) => (path.startsWith("nodes.workers") ? [path] : [])),
      ["nodes.workers.0", "nodes.workers.2"],
    );
  });

  it("of two policies that differ in nothing, the one that announces addresses stays", () => {
    const { config, changes } = importValues({}, [
      POOL,
      policy("silent", {}),
      policy("loud", { loadBalancerIPs: true, serviceSelector: { matchLabels: {} } }),
    ]);
    assert.deepEqual(valueAt(config, "loadBalancing.policies"), [{ name: "loud" }]);
    assert.match(reportOf(changes), /CiliumL2AnnouncementPolicy silent: not carried over/);
  });

  it("policies for different nodes both stay", () => {
    const { config } = importValues({}, [
      POOL,
      policy("old", { loadBalancerIPs: true, nodeSelector: { matchLabels: { machine: "old" } } }),
      policy("new", { loadBalancerIPs: true, nodeSelector: { matchLabels: { machine: "new" } } }),
    ]);
    assert.equal((valueAt(config, "loadBalancing.policies") as unknown[]).length, 2);
  });
});

describe("npm run import-values", () => {
  it("turns the source document's directory into prod, with the chart's defaults for what its values leave out", async () => {
    const manifests = ["ip-pool", "l2-policy", "announce", "kube-apiserver-vip", "vip-pool"];
    const { exitCode, stdout, lines } = await run(
      "source",
      ...GIVEN,
      "values.yaml",
      ...[...manifests, "control-plane-l2-policy", "kustomization"].map((name) => `${name}.yaml`),
    );
    const prod = stackConfig("prod") as Record<string, object>;
    assert.deepEqual(
      settingsFrom(configIn(stdout)),
      settingsFrom({
        ...prod,
        talos: { bpfMasquerade: false },
        gatewayApi: { ...prod.gatewayApi, enabled: false },
        routing: { ...prod.routing, routes: "network" },
        cilium: { ...prod.cilium, values: { ipam: { mode: "cluster-pool" } } },
        prometheus: { operator: true, envoy: true },
      }),
    );

    const virtual = "KubePrism on every node balances the control planes, which need no virtual IP";
    assert.equal(lines[0], "read as values: values.yaml");
    const report = lines.join("\n");
    for (const what of [
      "Service kube-apiserver-vip (kube-apiserver-vip.yaml)",
      "CiliumLoadBalancerIPPool control-planes (vip-pool.yaml)",
      "CiliumL2AnnouncementPolicy control-plane-l2-policy (control-plane-l2-policy.yaml)",
    ]) {
      assert.ok(
        report.includes(`changes (Services and Gateways): ${what}: not carried over: ${virtual}`),
        what,
      );
    }
    assert.match(report, /cilium\.version \(1\.18\.2 by the files\): becomes 1\.18\.4, as given/);
    assert.doesNotMatch(report, /by hand/);
    assert.equal(exitCode, 0);
  });

  it("says of what is given that the files contradict it, and that it cannot be", async () => {
    const given = ["--set", "cluster.name=other", "--set", "nodes.workers=[worker-1]"];
    const files = ["values.yaml", "ip-pool.yaml", "l2-policy.yaml"];
    const { exitCode, stdout, lines } = await run("source", ...GIVEN, ...given, ...files);
    assert.equal(parse(stdout).config["talos-cilium:cluster"].name, "talos-proxmox-prod");
    assert.deepEqual(
      lines.filter((line) => line.startsWith("by hand")),
      [
        "by hand: cluster.name: given as other, but the files say talos-proxmox-prod; keep the right one",
        'by hand: nodes.workers.0: not an IP address ("worker-1"); write it like 192.168.10.50 or fd00:10::50',
      ],
    );
    assert.equal(exitCode, 0);
  });

  it("quotes what a reader of YAML 1.1 would take for a boolean", async () => {
    const policies =
      'loadBalancing.policies=[{ serviceSelector: { matchLabels: { announced: "yes" } } }]';
    const { stdout } = await run("source", ...GIVEN, "--set", policies, "values.yaml");
    assert.match(stdout, /announced: "yes"/);
  });

  it("finds the values among the files of a folder, in whatever order they are given", async () => {
    const files = readdirSync(join(FIXTURES, "source")).sort();
    for (const order of [files, files.toReversed()]) {
      const { stdout } = await run("source", ...order);
      assert.match(stdout, /name: talos-proxmox-prod/);
      assert.doesNotMatch(stdout, /kind:|helmCharts/);
    }
    const { exitCode, lines } = await run("source", "ip-pool.yaml");
    assert.equal(exitCode, 2);
    assert.equal(lines[0], "error: no values file is given");
  });

  it("reports typos, dead values and what cannot work, and carries over the rest", async () => {
    const { exitCode, stdout, lines } = await run(
      "odd",
      ...["values", "pools", "policies", "others"].map((name) => `${name}.yaml`),
    );
    assert.deepEqual(
      parse(stdout),
      parse(readFileSync(join(FIXTURES, "odd/expected.yaml"), "utf8")),
    );
    assert.deepEqual(
      lines,
      readFileSync(join(FIXTURES, "odd/expected.txt"), "utf8").trimEnd().split("\n"),
    );
    assert.equal(exitCode, 0);
  });

  it("compares no stack that lacks keys, and names them", async () => {
    const { exitCode, stdout, lines } = await run("source", "values.yaml", "--compare");
    assert.match(stdout, /name: talos-proxmox-prod/);
    assert.match(
      lines.at(-1) ?? "",
      /^--compare: the stack lacks what is to be written by hand \(.+\); give it with --set KEY=VALUE, and it is compared$/,
    );
    assert.equal(exitCode, 1);
  });

  it("refuses a command line that it does not understand", async () => {
    for (const [args, message] of [
      [[], /^error: missing required argument 'file'; or give --from-cluster$/],
      [["--from-cluster", "values.yaml"], /^error: --from-cluster takes no files; leave one of /],
      [["--nonsense", "values.yaml"], /^error: unknown option '--nonsense'$/],
      [
        ["--set", "cluster.name", "values.yaml"],
        /^error: option '--set .+ Write KEY=VALUE, with a /,
      ],
      [["--set", "lam.cidr=10.0.0.0/8", "values.yaml"], /'lam\.cidr=.+ \(cluster, nodes, .+\)\.$/],
      [["--set", "nodes=[", "values.yaml"], /'nodes=\[' is invalid\. Its value is not YAML: /],
    ] as const) {
      const { exitCode, stdout, lines } = await run("source", ...args);
      assert.match(lines[0] ?? "", message);
      assert.match(lines[1] ?? "", /^Usage: npm run -s import-values -- /);
      assert.equal(stdout, "");
      assert.equal(exitCode, 2);
    }
  });

  it("names a file that it cannot read", async () => {
    for (const [files, message] of [
      [["none.yaml"], /^none\.yaml: there is no such file; give the path of a file or folder$/],
      [["values.yaml", "broken.yaml"], /^broken\.yaml: cannot be read as YAML: .* at line \d+/],
      [
        ["values.yaml", "list.yaml"],
        /^list\.yaml: neither values nor a manifest, which are mappings/,
      ],
    ] as const) {
      const { exitCode, stdout, lines } = await run("unreadable", ...files);
      assert.match(lines.join("\n"), message);
      assert.equal(lines.length, 1);
      assert.equal(stdout, "");
      assert.equal(exitCode, 1);
    }
  });
});
