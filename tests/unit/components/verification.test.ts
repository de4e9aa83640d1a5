import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { Verification } from "../../../components/verification";
import type { Settings } from "../../../config";
import { Mocked } from "../../support/mocks";

const REPORT = { passed: true, summary: "2 passed, 0 failed (1 s)", details: [] as string[] };

describe("the verification at the end of an update", () => {
  const { warn } = pulumi.log;
  let warnings: string[] = [];
  before(() => {
    Object.assign(pulumi.log, {
      warn: async (message: string) => void warnings.push(message),
    });
  });
  after(() => Object.assign(pulumi.log, { warn }));
  beforeEach(() => {
    warnings = [];
  });

  /** The report of the component, when its step prints this. */
  async function reportOf(stdout: string, { mode = "warn", preview = false } = {}) {
    const mocked = await Mocked.start({}, { preview, stdout: { "verification-checks": stdout } });
    const settings = { cluster: { name: "c" }, verification: { mode } } as Settings;
    const { report } = new Verification("verification", { settings, triggers: [], location: {} });
    return { mocked, report: await resolved(report) };
  }

  it("reports how many checks have which outcome, after what could not be checked", async () => {
    const stdout = JSON.stringify({ ...REPORT, details: ["agents-answer: unknown (no agent)"] });
    const { report } = await reportOf(stdout);
    assert.equal(report, "agents-answer: unknown (no agent)\n2 passed, 0 failed (1 s)");
    assert.deepEqual(warnings, []);
  });

  it("warns of what failed, where the step does not fail the update", async () => {
    const failed = { passed: false, summary: "1 passed, 1 failed (1 s)", details: ["pools: none"] };
    const { report } = await reportOf(JSON.stringify(failed));
    assert.equal(report, "pools: none\n1 passed, 1 failed (1 s)");
    assert.deepEqual(warnings, [
      `the network is not what the stack's settings ask for:\n${report}`,
    ]);
  });

  it("has no command where it is off", async () => {
    const { mocked, report } = await reportOf("", { mode: "off" });
    assert.equal(report, "not verified (verification.mode: off)");
    assert.deepEqual(mocked.resources, []);
  });

  it("shows in a preview what an older program's step printed", async () => {
    const { report } = await reportOf("30 passed, 0 failed (9 s)", { preview: true });
    assert.equal(report, "30 passed, 0 failed (9 s)");
  });

  for (const stdout of ["30 passed, 0 failed (9 s)", '{"passed": true}']) {
    it(`refuses a report that it cannot read: ${stdout}`, async () => {
      await Mocked.start({}, { stdout: { "verification-checks": stdout } });
      const settings = { cluster: {}, verification: { mode: "warn" } } as Settings;
      const { report } = new Verification("verification", { settings, triggers: [], location: {} });
      await assert.rejects(
        (report as unknown as { promise(): Promise<string> }).promise(),
        /the verification's step printed no report \(.+\); run pulumi up again/,
      );
    });
  }
});

function resolved<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => output.apply(resolve as (value: T) => void));
}
