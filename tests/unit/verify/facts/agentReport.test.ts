import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readAgentReport } from "../../../../verify/facts/agentReport";

/** What an agent prints, part by part, each in its order. */
interface Parts {
  readonly config: string;
  readonly status: string;
  readonly nodes: string;
  readonly health: string;
  readonly mtu: string;
  readonly announced: string;
}

const CONFIG = "==> cluster-name <==\ntalos-proxmox-prod\n==> routing-mode <==\nnative\n";
const MTU = `Prefix      DeviceMTU   RouteMTU   RoutePostEncryptMTU
0.0.0.0/0   1500        1450       0
::/0        1500        1450       0
`;
const ANNOUNCED = `IP              NetworkInterface
192.168.10.50   ens18
192.168.10.50   ens19
192.168.10.51   ens18
`;

/** What an agent of a release prints; the JSON is made by the API's own Go types (fixtures/agentStatus/generate). */
function parts(release: string): Parts {
  const file = join(__dirname, "../../../fixtures/agentStatus", `cilium-${release}.json`);
  const { status, nodes, health } = JSON.parse(readFileSync(file, "utf8"));
  return {
    config: CONFIG,
    status: JSON.stringify(status),
    nodes: JSON.stringify(nodes),
    health: JSON.stringify(health),
    mtu: MTU,
    announced: ANNOUNCED,
  };
}

function printed({ config, status, nodes, health, mtu, announced }: Parts): string {
  return [config, status, nodes, health, mtu, announced].join("\n=====talos-cilium=====\n");
}

/** A part's JSON with a change. */
function changed(json: string, change: (value: ReturnType<typeof JSON.parse>) => void): string {
  const value = JSON.parse(json);
  change(value);
  return JSON.stringify(value);
}

describe("what an agent tells", () => {
  for (const release of ["1.18", "1.19", "1.20"]) {
    it(`is read from Cilium ${release}`, () => {
      const report = readAgentReport(printed(parts(release)));
      const { status, health, mtu, config, announced } = report;
      assert.deepEqual(report.knownNodes, ["talos-c7r-dgh", "talos-8vk-2mz"]);
      assert.equal(status.kubernetes.state, "Ok");
      assert.equal(status["kube-proxy-replacement"].mode, "True");
      assert.equal(status["kube-proxy-replacement"].directRoutingDevice, "ens18");
      assert.equal(status.routing["inter-host-routing-mode"], "Native");
      assert.deepEqual(status.masquerading, { enabled: true, mode: "BPF" });
      assert.equal(status.controllers?.[1]?.status?.["consecutive-failure-count"], 3);
      assert.equal(mtu, 1500);
      assert.deepEqual(config, { "cluster-name": "talos-proxmox-prod", "routing-mode": "native" });
      assert.deepEqual(announced, ["192.168.10.50", "192.168.10.51"]);
      assert.equal(health?.interval, "1m36.566274746s");
      const probed = new Date("2026-11-25T03:25:53Z");
      const [host, pod] = [
        { node: "talos-8vk-2mz", to: "host", ip: "192.168.10.101", problem: "", probed },
        { node: "talos-8vk-2mz", to: "pod", ip: "10.14.1.7", problem: "", probed },
      ];
      assert.deepEqual(health?.paths, [
        { ...host, by: "icmp" },
        { ...host, by: "http" },
        { ...pod, by: "icmp", problem: "Connection timed out" },
        { ...pod, by: "http" },
      ]);
    });
  }

  const known = parts("1.20");
  const unknown: [name: string, change: Partial<Parts>, error: RegExp][] = [
    [
      "another state of the agent",
      {
        status: changed(known.status, (status) => Object.assign(status.cilium, { state: "Fine" })),
      },
      /^Error: cilium-dbg status -o json has an unknown shape \(cilium\.state: /,
    ],
    [
      "another mode of routing",
      {
        status: changed(known.status, ({ routing }) =>
          Object.assign(routing, { "inter-host-routing-mode": "Direct" }),
        ),
      },
      /unknown shape \(routing\.inter-host-routing-mode: /,
    ],
    [
      "no word of kube-proxy",
      {
        status: changed(known.status, (status) => {
          delete status["kube-proxy-replacement"];
        }),
      },
      /unknown shape \(kube-proxy-replacement: /,
    ],
    [
      "a line before the JSON",
      { status: `level=warn\n${known.status}` },
      /^Error: cilium-dbg status -o json printed no JSON \(level=warn/,
    ],
    ["no nodes", { nodes: "" }, /^Error: cilium-dbg node list -o json printed no JSON/],
    [
      "probes that are on and not told",
      { health: "" },
      /^Error: cilium-health status -o json printed no JSON/,
    ],
    [
      "probes under another key",
      { health: changed(known.health, (health) => delete health.nodes) },
      /^Error: cilium-health status -o json has an unknown shape \(nodes: /,
    ],
    [
      "another table of MTUs",
      { mtu: MTU.replace("DeviceMTU", "MTU") },
      /^Error: table mtu has an unknown shape \(Prefix MTU RouteMTU RoutePostEncryptMTU\)/,
    ],
    ["no MTU", { mtu: MTU.split("\n")[0] ?? "" }, /^Error: table mtu has an unknown shape/],
    [
      "another table of announcements",
      { announced: "Address\n192.168.10.50" },
      /^Error: table l2-announce has an unknown shape \(Address\)/,
    ],
    ["no configuration", { config: "" }, /^Error: \/tmp\/cilium\/config-map has an unknown shape/],
  ];
  for (const [name, change, error] of unknown) {
    it(`is an error with ${name}`, () => {
      assert.throws(() => readAgentReport(printed({ ...known, ...change })), error);
    });
  }

  it("is an error when it was cut off", () => {
    const text = printed(known);
    assert.throws(
      () => readAgentReport(text.slice(0, text.indexOf("Prefix") - 30)),
      /^Error: the agent printed 4 parts instead of 6/,
    );
  });

  it("has no probes when these are off", () => {
    const config = `${CONFIG}==> enable-health-checking <==\nfalse\n`;
    assert.equal(readAgentReport(printed({ ...known, config, health: "" })).health, undefined);
  });
});
