import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deadValues, unknownValues } from "../../../../config/derived/userValues";
import { checkChartValues } from "../../../../sources/chart";

const chart = {
  cgroup: { autoMount: { enabled: true }, hostRoot: "/run" },
  podAnnotations: {},
  resources: null,
  MTU: 0,
};

describe("the user's own values of the chart", () => {
  it("are unknown when the chart has no such path", () => {
    assert.deepEqual(
      unknownValues({ cgroup: { automount: { enabled: false } }, mtu: 1400 }, chart),
      ["cgroup.automount", "mtu"],
    );
  });

  it("are unknown when only the path looks like one of the chart's, or only JavaScript knows the key", () => {
    const values = {
      "cgroup.hostRoot": "/x",
      "loadBalancer.mode": "dsr",
      constructor: { name: "" },
    };
    assert.deepEqual(unknownValues(values, chart), [
      "cgroup.hostRoot",
      "loadBalancer.mode",
      "constructor",
    ]);
    assert.deepEqual(deadValues({ "cgroup.automount": true }), []);
  });

  it("may be anything below what the chart leaves empty, and what templates read unlisted", () => {
    assert.deepEqual(
      unknownValues(
        {
          podAnnotations: { "example.org/a": "b" },
          resources: { limits: { memory: "1Gi" } },
          devices: ["eth0"],
          MTU: 1400,
        },
        chart,
      ),
      [],
    );
  });

  it("are checked against a chart that is a folder, and against no other", async () => {
    const folder = mkdtempSync(join(tmpdir(), "talos-cilium-chart-"));
    try {
      mkdirSync(join(folder, "cilium"));
      writeFileSync(join(folder, "cilium", "values.yaml"), "debug: { enabled: false }\n");
      await checkChartValues(join(folder, "cilium"), { debug: { enabled: true } });
      await assert.rejects(
        checkChartValues(join(folder, "cilium"), { debug: { enable: true } }),
        /cilium\.values\.debug\.enable: the chart has no such value \(.*cilium\); see the chart's values\.yaml/,
      );
      await checkChartValues("cilium", { debug: { enable: true } });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
