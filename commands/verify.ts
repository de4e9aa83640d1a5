import { writeSync } from "node:fs";
import { InvalidArgumentError, Option } from "commander";
import logUpdate from "log-update";
import type { Settings } from "../config";
import { describeError, loadCluster } from "../kubernetes/client";
import { checks, type Result, verdictOf } from "../verify/checks";
import {
  connectivityChecks,
  testConnectivity,
  unknownConnectivity,
} from "../verify/connectivity/connectivityTest";
import { checksTable, createReport, type Format, formatReport } from "../verify/report";
import { verify } from "../verify/verify";
import {
  foundProblems,
  newCommand,
  parseSeconds,
  runCommand,
  settingsOption,
  stackOption,
} from "./commandLine";
import { readSettingsOf, type SettingsSource } from "./settings";

/** Has netexec, which answers over TCP and HTTP; Kubernetes' own end-to-end tests run it. */
const AGNHOST = "registry.k8s.io/e2e-test-images/agnhost:2.57";

/** Forms of the report beside the table, each an option. */
const FORMATS = ["json", "markdown", "junit"] as const;

type Options = SettingsSource & {
  readonly [format in (typeof FORMATS)[number]]?: true;
} & {
  readonly wait: number;
  readonly skip?: readonly (readonly [check: string, reason: string])[];
  readonly connectivityTest?: true;
  /** Old spelling of the connectivity test. */
  readonly active?: true;
  readonly timeout: number;
  readonly image: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly talosContext?: string;
};

const command = newCommand(
  "npm run -s verify --",
  "Compares a cluster with its stack. Exit code 1: a check failed.",
)
  .addOption(stackOption())
  .addOption(settingsOption())
  .option(
    "--kubeconfig <file>",
    "kubeconfig; default: the stack's, else KUBECONFIG, else ~/.kube/config",
  )
  .option(
    "--context <name>",
    "context of the kubeconfig; default: the stack's, else the current one",
  )
  .option("--talos-context <name>", "context of talosctl, to ask Talos for the state of KubePrism")
  .addOption(new Option("--json", "print the report as JSON").conflicts(["markdown", "junit"]))
  .addOption(new Option("--markdown", "print the report as Markdown").conflicts("junit"))
  .option("--junit", "print the report as JUnit XML")
  .option("--wait <seconds>", "grace period before a failing check counts", parseSeconds, 0)
  .addOption(
    new Option("--skip <check=reason>", "leave out a check; may be given more than once").argParser(
      (text: string, previous: Options["skip"] = []) => [...previous, parseSkip(text)],
    ),
  )
  .option(
    "--connectivity-test",
    "also create a Service and a Gateway, send requests to both from here, and delete them",
  )
  .addOption(new Option("--active").hideHelp())
  .option(
    "--timeout <seconds>",
    "limit of each step of that test, image pull included",
    parseSeconds,
    60,
  )
  .option("--image <image>", "image of its echo workload", AGNHOST)
  .action(async (options: Options) => {
    const settings = readSettingsOf(command, options);
    const name = options.stack ?? settings.cluster.name;
    const format = FORMATS.find((each) => options[each]) ?? "table";
    const began = new Date();
    const results = await runChecks(options, settings, showProgress(name, format));
    const report = createReport(name, began, results);
    if (format === "table" && process.stdout.isTTY) logUpdate.clear();
    // Synchronous, so that a pipe gets all of it before the process ends.
    writeSync(1, `${formatReport(report, format)}\n`);
    if (!report.passed) foundProblems();
  });

type OnProgress = (line: string, results?: readonly Result[]) => void;

async function runChecks(
  options: Options,
  settings: Settings,
  onProgress: OnProgress,
): Promise<Result[]> {
  const cluster = loadCluster({
    kubeconfig: options.kubeconfig ?? settings.cluster.kubeconfig,
    context: options.context ?? settings.cluster.context,
  });
  const skip = new Map(options.skip);
  const results = await verify(cluster, {
    settings,
    waitSeconds: options.wait,
    talosContext: options.talosContext,
    skip,
    onProgress,
  });
  if (!options.connectivityTest && !options.active) return results;
  const agents = verdictOf(results, "agents-answer");
  if (agents.outcome === "unknown") return [...results, ...unknownConnectivity(agents.detail)];

  const interruption = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => interruption.abort(new Error("interrupted")));
  }
  const connectivity = await testConnectivity(cluster, {
    image: options.image,
    timeoutSeconds: options.timeout,
    gatewayClass: verdictOf(results, "gateway-class"),
    signal: interruption.signal,
    skip,
    onProgress: (line) => onProgress(line, results),
  });
  return [...results, ...connectivity];
}

/** Shows a table that changes on a terminal, and nothing elsewhere. */
function showProgress(name: string, format: Format): OnProgress {
  if (format !== "table" || !process.stdout.isTTY) return () => {};
  return (line, results) => {
    const tables =
      results === undefined ? [] : [checksTable(createReport(name, new Date(), results).checks)];
    logUpdate([...tables, `… ${line}`].join("\n"));
  };
}

function parseSkip(text: string): readonly [check: string, reason: string] {
  const [, check = "", reason = ""] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (![...checks, ...connectivityChecks].some(({ name }) => name === check)) {
    throw new InvalidArgumentError("Write CHECK=REASON, with the name of a check.");
  }
  return [check, reason];
}

runCommand(command, describeError);
