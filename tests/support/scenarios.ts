import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { Settings } from "../../config";
import { checks, type Result } from "../../verify/checks";
import type { Finding } from "../../verify/checks/check";
import { sentence } from "../../verify/report";
import { verify } from "../../verify/verify";
import type { LabForTests } from "./labForTests";

/** Seconds that controllers have to make of a change what the checks then see. */
const SECONDS = 90;

/** Names of the checks that agents have to answer, or that look at what agents hold. */
export const ofAgents = new Set(
  checks
    .filter(({ name, needs = [] }) =>
      [name, ...needs].some((one) => /^agents-answer$|^service-(leases|holders)$/.test(one)),
    )
    .map(({ name }) => name),
);

/** A way to break a cluster so that one check fails, and no other. */
export interface Scenario {
  /** The check. */
  readonly check: string;
  /** What is broken. */
  readonly name: string;
  /** What the check says, in one sentence with its remedy. */
  readonly says: RegExp;
  /** What is asked for; default: the lab's stack. */
  readonly settings?: (asked: Settings) => Settings;
  /** Context of talosctl, where it is to be asked. */
  readonly talosContext?: string;
  /** Breaks the cluster. */
  break(): Promise<unknown>;
  /** Makes it whole again. */
  mend(): Promise<unknown>;
}

/** Tests that a broken cluster fails the scenario's check alone, and that a mended one passes every check. */
export function testScenario(lab: LabForTests, settings: () => Settings, scenario: Scenario): void {
  const { check, name, says } = scenario;
  it(`${check} alone finds ${name}`, async () => {
    const asked = scenario.settings?.(settings()) ?? settings();
    const look = () =>
      verify(lab.clients.config, {
        settings: asked,
        waitSeconds: 0,
        talosContext: scenario.talosContext,
      });
    try {
      await scenario.break();
      const [finding] = await untilFailed(look, [check]);
      assert.match(sentence(finding as Finding), says);
    } finally {
      await scenario.mend();
    }
    const whole = () =>
      verify(lab.clients.config, { settings: settings(), waitSeconds: 0, talosContext: undefined });
    await untilFailed(whole, []);
  });
}

/**
 * Looks at a cluster until certain checks fail, and no others, twice in a row: on the way there others may.
 * @returns what they found.
 */
export async function untilFailed(
  look: () => Promise<readonly Result[]>,
  expected: readonly string[],
): Promise<Finding[]> {
  const deadline = performance.now() + SECONDS * 1000;
  let seen = 0;
  for (;;) {
    const failed = (await look()).flatMap(({ check: { name }, verdict }) =>
      verdict.outcome === "failed" ? [{ name, findings: verdict.findings }] : [],
    );
    const right = failed.map(({ name }) => name).join() === expected.join();
    seen = right ? seen + 1 : 0;
    if (seen === 2) return failed.flatMap(({ findings }) => findings);
    if (performance.now() > deadline) {
      const all = failed.flatMap(({ name, findings }) =>
        findings.map((finding) => `${name}: ${sentence(finding)}`),
      );
      assert.fail(`not ${expected.join() || "none"} alone fails, but ${all.join("\n") || "none"}`);
    }
    await sleep(1000);
  }
}
