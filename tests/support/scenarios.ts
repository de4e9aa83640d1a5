import assert from "node:assert/strict";
import type { Settings } from "../../config";
import { until } from "../../kubernetes/until";
import { type CheckName, checks, type Result } from "../../verify/checks";
import { agentsAnswer } from "../../verify/checks/agents";
import type { Check, Finding } from "../../verify/checks/check";
import { serviceHolders, serviceLeases } from "../../verify/checks/services";
import { describeFinding } from "../../verify/report";
import { verify } from "../../verify/verify";
import type { LabForTests } from "./labForTests";

/** Seconds until the checks must see what controllers make of a change. */
const SECONDS = 90;

/** Names of the checks that need an agent's answer, or that look at what agents hold. */
export const agentChecks: ReadonlySet<CheckName> = new Set(
  checks
    .filter((check: Check) =>
      [agentsAnswer, serviceLeases, serviceHolders].some(
        (agentCheck) => check === agentCheck || check.needs?.includes(agentCheck),
      ),
    )
    .map(({ name }) => name),
);

/** A way to break a cluster so that one check fails, and no other. */
export interface Scenario {
  readonly check: CheckName;
  /** The fault, after "finds". */
  readonly name: string;
  /** The check's finding, as one sentence. */
  readonly finding: RegExp;
  /** Changes the settings that the cluster is compared with. Default: the lab's stay. */
  readonly settings?: (settings: Settings) => Settings;
  /** Context of talosconfig, where talosctl is asked. */
  readonly talosContext?: string;
  break(): Promise<unknown>;
  mend(): Promise<unknown>;
}

/** Tests that a broken cluster fails the scenario's check alone, and that a mended one passes every check. */
export function testScenario(lab: LabForTests, settings: () => Settings, scenario: Scenario): void {
  const { check, name, talosContext } = scenario;
  it(`${check} alone finds ${name}`, async () => {
    const changed = scenario.settings?.(settings()) ?? settings();
    try {
      await scenario.break();
      const [finding] = await untilFailed(
        () => verify(lab.clients.config, { settings: changed, talosContext }),
        [check],
      );
      assert.match(describeFinding(finding as Finding), scenario.finding);
    } finally {
      await scenario.mend();
    }
    await untilFailed(() => verify(lab.clients.config, { settings: settings() }), []);
  });
}

/**
 * Looks at a cluster until certain checks fail, and no others, twice in a row: others may fail on the way there.
 * @returns their findings.
 */
async function untilFailed(
  look: () => Promise<readonly Result[]>,
  expected: readonly CheckName[],
): Promise<Finding[]> {
  let inARow = 0;
  const failed = await until(
    async () =>
      (await look()).flatMap(({ check: { name }, verdict }) =>
        verdict.outcome === "failed" ? [{ name, findings: verdict.findings }] : [],
      ),
    (found) => {
      const isExpected = found.map(({ name }) => name).join() === expected.join();
      inARow = isExpected ? inARow + 1 : 0;
      return inARow === 2;
    },
    { seconds: SECONDS, interval: 1000 },
  );
  if (inARow < 2) {
    const found = failed.flatMap(({ name, findings }) =>
      findings.map((finding) => `${name}: ${describeFinding(finding)}`),
    );
    assert.fail(
      `expected to fail: ${expected.join() || "none"}; failed: ${found.join("\n") || "none"}`,
    );
  }
  return failed.flatMap(({ findings }) => findings);
}
