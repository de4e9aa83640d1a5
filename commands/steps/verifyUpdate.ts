import type { VerificationStepReport } from "../../components/verification";
import { loadCluster } from "../../kubernetes/client";
import { createReport, describeFinding, type Report, summarize } from "../../verify/report";
import { verify } from "../../verify/verify";
import { parseSettings } from "../settings";
import { readVariable, runStep } from "./runStep";

/**
 * Limits of the report, in details and in characters of one: people read it as the stack's output, and the official
 * command plugin hangs at a line of more than 64 KiB (it logs with a bufio.Scanner, which stops reading there).
 */
const MAX_DETAILS = 50;
const MAX_DETAIL_LENGTH = 500;

/** Verifies the cluster against TALOS_CILIUM_SETTINGS; with mode `strict` it fails when a check does. */
async function verifyUpdate(): Promise<void> {
  const settings = parseSettings(readVariable("TALOS_CILIUM_SETTINGS"), "TALOS_CILIUM_SETTINGS");
  const { mode, wait: waitSeconds } = settings.verification;
  const began = new Date();
  const results = await verify(loadCluster({ context: process.env.KUBE_CONTEXT }), {
    settings,
    waitSeconds,
    talosContext: undefined,
    duringUpdate: true,
  });
  const report = createReport(settings.cluster.name, began, results);
  if (!report.passed && mode === "strict") {
    throw new Error(
      [
        ...detailsOf(report),
        summarize(report),
        "the network is not what the stack's settings ask for, as listed; verify it again with " +
          "npm run -s verify -- --stack NAME, or set verification.mode: warn",
      ].join("\n"),
    );
  }
  console.log(JSON.stringify(shorten(report)));
}

function shorten(report: Report): VerificationStepReport {
  const details = detailsOf(report);
  const omitted = details.length - MAX_DETAILS;
  return {
    passed: report.passed,
    summary: summarize(report),
    details: [
      ...details.slice(0, MAX_DETAILS).map((detail) => detail.slice(0, MAX_DETAIL_LENGTH)),
      ...(omitted > 0
        ? [`and ${omitted} more; list all with npm run -s verify -- --stack NAME`]
        : []),
    ],
  };
}

/** A line for each finding, and for each check whose outcome is unknown. */
function detailsOf({ checks }: Report): string[] {
  return checks.flatMap(({ name, outcome, detail, findings }) => [
    ...findings.map((finding) => `${name}: ${describeFinding(finding)}`),
    ...(outcome === "unknown" ? [`${name}: unknown (${detail})`] : []),
  ]);
}

runStep(verifyUpdate);
