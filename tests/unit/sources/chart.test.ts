import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RunError } from "@pulumi/pulumi";
import { checkChartValues } from "../../../sources/chart";

describe("the chart in a folder", () => {
  const folder = mkdtempSync(join(tmpdir(), "talos-cilium-chart-"));
  after(() => rmSync(folder, { recursive: true }));

  it("refuses a misspelt value with an error that Pulumi prints without a stack trace", async () => {
    mkdirSync(join(folder, "cilium"));
    writeFileSync(join(folder, "cilium", "values.yaml"), "debug:\n  enabled: false\n");
    await assert.rejects(
      checkChartValues(join(folder, "cilium"), { debug: { enable: true } }),
      (error: Error) => {
        assert.ok(RunError.isInstance(error));
        assert.match(
          error.message,
          /^ {2}cilium\.values\.debug\.enable: the chart has no such value \(true, and it is in .*cilium\); did you mean debug\.enabled\?$/m,
        );
        return true;
      },
    );
  });

  it("accepts the values that the chart has, and looks into no other chart", async () => {
    await checkChartValues(join(folder, "cilium"), { debug: { enabled: true } });
    await checkChartValues("cilium", { debug: { enable: true } });
  });
});
