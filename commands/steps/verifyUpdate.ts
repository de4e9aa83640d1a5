import type { Settings } from "../../config";
import { describeError, loadCluster } from "../../kubernetes/client";
import { createReport, describeFinding, summarize } from "../../verify/report";
import { verify } from "../../verify/verify";

/** Verifies the cluster against the SETTINGS, for the component: a line a finding, and exit code 1 if that is strict. */
async function verifyUpdate(): Promise<void> {
  const settings: Settings = JSON.parse(process.env.SETTINGS ?? "");
  const { mode, wait: waitSeconds } = settings.verification;
  const began = new Date();
  const results = await verify(loadCluster({ context: process.env.KUBE_CONTEXT }), {
    settings,
    waitSeconds,
    talosContext: undefined,
  });
  const report = createReport(settings.cluster.name, began, results);
  for (const { name, outcome, detail, findings } of report.checks) {
    for (const finding of findings) console.log(`${name}: ${describeFinding(finding)}`);
    if (outcome === "unknown") console.log(`${name}: unknown (${detail})`);
  }
  console.log(summarize(report));
  if (!report.passed && mode === "strict") {
    console.error(
      "the network is not what was asked for, as listed; see it again with npm run -s verify -- --stack NAME, or set verification.mode: warn",
    );
    process.exitCode = 1;
  }
}

verifyUpdate().catch((error) => {
  console.error(describeError(error));
  process.exitCode = 1;
});
