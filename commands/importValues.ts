import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { parse, stringify } from "yaml";
import { ciliumValues, count, PROJECT, readSettings, schema } from "../config";
import { sourcesOfCluster } from "../importer/clusterSources";
import { type Missing, mostHarmfulFirst } from "../importer/importReport";
import { type Imported, importValues } from "../importer/importValues";
import {
  firstLine,
  readSources,
  type SourceFile,
  type Sources,
  VALUES_COMMAND,
} from "../importer/sources";
import type { Tree } from "../importer/tree";
import { compareObjects } from "../render/compareObjects";
import { differenceLines } from "../render/differenceLines";
import { withoutSecrets } from "../render/withoutSecrets";
import { renderChart } from "../sources/helm";
import { newCommand, runCommand } from "./commandLine";

/** Path of a key of the configuration, and its value. */
type Setting = readonly [path: string, value: unknown];

interface Options {
  readonly set?: readonly Setting[];
  readonly fromCluster?: boolean;
  readonly context?: string;
  readonly compare?: boolean;
}

const command: Command = newCommand(
  "npm run -s import-values --",
  "Turns hand-written Helm values and manifests into a stack file, which it prints. Standard error says what was read, " +
    "which keys a person must write, and at the end what is lost or changes, the most harmful first.",
)
  .argument(
    "[file...]",
    "files and folders, in any order: values files (a later one over an earlier one), HelmRelease, Application, " +
      "kustomization, ConfigMap, umbrella chart, helmfile; pools, policies and BGP objects; Talos' machine config",
  )
  .option(
    "--set <key=value>",
    "a key that the files do not have, by its path in the configuration, as YAML; may be given more than once",
    (text: string, previous: Options["set"] = []) => [...previous, parseSetting(text)],
  )
  .option(
    "--from-cluster",
    "instead of files: the values of the Helm release (else cilium-config), pools, policies, BGP objects, nodes and CIDRs",
  )
  .option(
    "--compare",
    "afterwards, renders the chart with the old values and with the stack, by the helm on PATH, and prints what differs: " +
      "what interrupts the data path, what restarts agents, the operator and other pods, what is harmless",
  )
  .option("--context <context>", "of the kubeconfig, with --from-cluster; default: the current one")
  .addHelpText(
    "after",
    `
Examples:
  npm run -s import-values -- --set cilium.version=1.18.4 --set gatewayApi.version=v1.3.0 \\
    --set nodes.controlPlanes='[192.168.10.100, 192.168.10.101]' values.yaml ip-pool.yaml > Pulumi.prod.yaml
  npm run -s import-values -- ~/gitops/apps/cilium > Pulumi.prod.yaml
  npm run -s import-values -- --from-cluster --context omni-prod > Pulumi.prod.yaml

The values that run, whatever made them:
  ${VALUES_COMMAND}`,
  )
  .action(printStackFile);

async function printStackFile(
  paths: readonly string[],
  { set = [], fromCluster = false, context, compare = false }: Options,
): Promise<void> {
  if (fromCluster && paths.length > 0) {
    command.error("error: --from-cluster takes no files; leave one of the two out");
  }
  if (!fromCluster && paths.length === 0) {
    command.error("error: missing required argument 'file'; or give --from-cluster");
  }
  const { values, manifests, read, ...sources }: Sources = fromCluster
    ? await readCluster(context)
    : readSources(paths.flatMap(filesAt));
  if (values === undefined) {
    printMissing(sources.missing);
    if (fromCluster) {
      throw new Error(
        "the cluster: neither a Helm release of Cilium nor cilium-config; give files",
      );
    }
    command.error("error: no values file is given");
  }
  const imported = importValues(values, [...manifests.keys()], {
    settings: Object.fromEntries(set),
    found: sources.settings,
    files: manifests,
  });
  printConfig(imported.config);
  console.error(`read as values: ${read.join("; then over it: ")}`);
  printMissing([...sources.missing, ...imported.missing]);
  printChanges({
    ...imported,
    changes: mostHarmfulFirst([...sources.changes, ...imported.changes]),
  });
  if (compare) await printDifferences(values, imported);
}

/** Renders both sides with the stack's chart, and prints the differences of the objects. */
async function printDifferences(values: Tree, { config, missing }: Imported): Promise<void> {
  if (missing.length > 0) {
    const paths = missing.map(({ path }) => path).join(", ");
    throw new Error(
      `--compare: the stack lacks what is to be written by hand (${paths}); give it with --set KEY=VALUE, and it is compared`,
    );
  }
  const settings = readSettings({ getObject: (key) => config[key] });
  // The operator's annotation is a digest of the CRDs, which are not fetched here.
  const digest = settings.gatewayApi.enabled ? "(digest of the CRDs)" : undefined;
  const before = await renderChart(settings, values, "the files");
  const after = await renderChart(settings, ciliumValues(settings, digest), "the stack");
  const changes = compareObjects(withoutSecrets(before), withoutSecrets(after));
  const differences = differenceLines(changes);
  for (const { effect, line } of differences) console.error(`${effect}: ${line}`);
  const chart = `the chart of Cilium ${settings.cilium.version}`;
  console.error(
    differences.length === 0
      ? `compared by ${chart}: the objects are the same`
      : `compared by ${chart}: ${count(differences.length, "difference")}; Secrets and certificates are not compared`,
  );
}

async function readCluster(context: string | undefined): Promise<Sources> {
  // Loaded here: files are read without it, a second sooner.
  const { loadCluster }: typeof import("../kubernetes/client") = require("../kubernetes/client");
  const { fetchCluster }: typeof import("../importer/fetchCluster") =
    require("../importer/fetchCluster");
  return sourcesOfCluster(await fetchCluster(loadCluster({ context }), context));
}

function printConfig(config: Imported["config"]): void {
  const prefixed = Object.entries(config).map(([key, value]) => [`${PROJECT}:${key}`, value]);
  process.stdout.write(
    stringify(
      { config: Object.fromEntries(prefixed) },
      // Readers of YAML 1.1 take an unquoted yes or on for a boolean.
      { lineWidth: 120, aliasDuplicateObjects: false, compat: "yaml-1.1" },
    ),
  );
}

function printMissing(missing: readonly Missing[]): void {
  for (const { path, why } of missing) console.error(`by hand: ${path}: ${why}`);
}

function printChanges({ already, changes }: Pick<Imported, "already" | "changes">): void {
  if (already.length > 0) console.error(`set already: ${already.join(", ")}`);
  for (const { harm, what, why } of changes) console.error(`changes (${harm}): ${what}: ${why}`);
}

/** A file, or the files of a folder and of those below it that may have values or manifests. */
function filesAt(path: string): SourceFile[] {
  return isFolder(path) ? filesIn(path, path) : [{ path, text: readFileSync(path, "utf8") }];
}

/** @param folder the one that was given. */
function filesIn(path: string, folder: string): SourceFile[] {
  return readdirSync(path, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .filter((entry) => !entry.name.startsWith("."))
    .flatMap((entry) => {
      const inside = join(path, entry.name);
      if (entry.isDirectory()) return filesIn(inside, folder);
      return /\.(ya?ml|json|tf|lock)$/.test(entry.name)
        ? [{ path: inside, text: readFileSync(inside, "utf8"), folder }]
        : [];
    });
}

/** @throws Error that says in plain words that there is no such file. */
function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const wrong = code === "ENOENT" ? "there is no such file" : `it cannot be read (${code})`;
    throw new Error(`${path}: ${wrong}; give the path of a file or folder`);
  }
}

function parseSetting(text: string): Setting {
  const [, path = "", value = ""] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  const [key = ""] = path.split(".");
  if (!Object.hasOwn(schema, key)) {
    const keys = Object.keys(schema).join(", ");
    throw new InvalidArgumentError(`Write KEY=VALUE, with a key of the configuration (${keys}).`);
  }
  try {
    return [path, parse(value)];
  } catch (error) {
    throw new InvalidArgumentError(`Its value is not YAML: ${firstLine(error)}`);
  }
}

runCommand(command);
