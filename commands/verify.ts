import { writeSync } from "node:fs";
import { parseArgs } from "node:util";
import type { KubeConfig } from "@kubernetes/client-node";
import logUpdate from "log-update";
import { readStackSettings, type Settings } from "../config";
import { describeError, loadCluster } from "../kubernetes/client";
import { checks, type Result, verdictOf } from "../verify/checks";
import {
  connectivityChecks,
  testConnectivity,
  unknownConnectivity,
} from "../verify/connectivity/connectivityTest";
import { checksTable, createReport, type Format, formatReport } from "../verify/report";
import { verify } from "../verify/verify";

/** What netexec is in; Kubernetes' own end-to-end tests run it. */
const AGNHOST = "registry.k8s.io/e2e-test-images/agnhost:2.57";

const USAGE = `npm run -s verify -- --stack prod [--json|--markdown|--junit] [--active] [--wait 30]
  --stack           whose configuration the cluster is compared with
  --json …          print a report in that form, instead of a table
  --active          also make a Service and a Gateway, ask them from here, and remove them again
  --timeout         seconds that each step of that may take, the image's pull among them, default 60
  --image           image of the echo workload, default ${AGNHOST}
  --wait            seconds that what fails has to become right, default 0
  --kubeconfig, --context   the cluster; default: the stack's
  --talos-context   ask talosctl, with this context, for the state of KubePrism, too
  --not-here CHECK=WHY      leave out a check and report it as skipped; may be given more than once`;

/** Exit codes: a check failed, or the command was called wrongly. */
const FAILED = 1;
const USAGE_ERROR = 2;

const OPTIONS = {
  stack: { type: "string" },
  json: { type: "boolean", default: false },
  markdown: { type: "boolean", default: false },
  junit: { type: "boolean", default: false },
  active: { type: "boolean", default: false },
  timeout: { type: "string", default: "60" },
  image: { type: "string", default: AGNHOST },
  wait: { type: "string", default: "0" },
  kubeconfig: { type: "string" },
  context: { type: "string" },
  "talos-context": { type: "string" },
  "not-here": { type: "string", multiple: true },
} as const;

type Call = ReturnType<typeof readCall>;

/** The command was called wrongly; its message is a sentence that the usage follows. */
class UsageError extends Error {}

async function main(): Promise<void> {
  const call = readCall();
  const settings = settingsOf(call);
  const form = (["json", "markdown", "junit"] as const).find((name) => call[name]) ?? "table";
  const began = new Date();
  const results = await verifyAll(call, settings, form);
  const report = createReport(call.stack ?? settings.cluster.name, began, results);
  if (form === "table" && process.stdout.isTTY) logUpdate.clear();
  // All of it, even into a pipe, before the process ends.
  writeSync(1, `${formatReport(report, form)}\n`);
  process.exitCode = report.passed ? 0 : FAILED;
}

async function verifyAll(call: Call, settings: Settings, form: Format): Promise<Result[]> {
  const cluster = clusterOf(call, settings);
  const show = live(call.stack ?? "", form);
  const skip = new Map((call["not-here"] ?? []).map(nameAndReason));
  const results = await verify(cluster, {
    settings,
    waitSeconds: seconds(call, "wait"),
    talosContext: call["talos-context"],
    skip,
    onProgress: show,
  });
  if (!call.active) return results;
  const agents = verdictOf(results, "agents-answer");
  if (agents.outcome === "unknown") return [...results, ...unknownConnectivity(agents.detail)];

  const interruption = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => interruption.abort(new Error("interrupted")));
  }
  const connectivity = await testConnectivity(cluster, {
    image: call.image,
    timeoutSeconds: seconds(call, "timeout"),
    gatewayClass: verdictOf(results, "gateway-class"),
    signal: interruption.signal,
    skip,
    onProgress: (line) => show(line, results),
  });
  return [...results, ...connectivity];
}

/** Shows what goes on: a table that changes, on a terminal; nothing elsewhere. */
function live(stack: string, form: Format): (line: string, results?: readonly Result[]) => void {
  if (form !== "table" || !process.stdout.isTTY) return () => {};
  return (line, results) => {
    const shown =
      results === undefined ? [] : [checksTable(createReport(stack, new Date(), results).checks)];
    logUpdate([...shown, `… ${line}`].join("\n"));
  };
}

function settingsOf({ stack }: Call): Settings {
  // The lab's and the tests' configuration is in no file.
  const { SETTINGS } = process.env;
  if (SETTINGS !== undefined) return JSON.parse(SETTINGS);
  if (stack === undefined) {
    throw new UsageError("--stack: missing; name a stack, like --stack prod");
  }
  return readStackSettings(stack);
}

function clusterOf({ kubeconfig, context }: Call, { cluster }: Settings): KubeConfig {
  return loadCluster({
    kubeconfig: kubeconfig ?? cluster.kubeconfig,
    context: context ?? cluster.context,
  });
}

function seconds(call: Call, option: "wait" | "timeout"): number {
  const text = call[option];
  if (!/^\d+$/.test(text)) throw new UsageError(`--${option}: no number of seconds (${text})`);
  return Number(text);
}

function nameAndReason(text: string): [name: string, why: string] {
  const [, name = "", why = ""] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (![...checks, ...connectivityChecks].some((check) => check.name === name)) {
    throw new UsageError(`--not-here: write CHECK=WHY, with the name of a check (${text})`);
  }
  return [name, why];
}

function readCall() {
  try {
    return parseArgs({ options: OPTIONS }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

main().catch((error) => {
  if (error instanceof UsageError) {
    console.error(`${error.message}\n\n${USAGE}`);
    process.exitCode = USAGE_ERROR;
  } else {
    console.error(describeError(error));
    process.exitCode = FAILED;
  }
});
