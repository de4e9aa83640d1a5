import { readFileSync } from "node:fs";
import { join, parse as parsePath } from "node:path";
import type { Command } from "commander";
import { count, PROJECT, readStackConfig, type StackConfig } from "../config";
import type { Capabilities } from "../sources/helm";
import { newCommand, runCommand, settingsOption, stackOption } from "./commandLine";
import { addChangeOptions, againstOf, type ChangeOptions, printChanges } from "./renderChanges";
import { missingStack, parseMapping, type SettingsSource } from "./settings";

interface Options extends SettingsSource, ChangeOptions {
  readonly output?: string;
  readonly cluster?: true;
}

/** Folder of the project. */
const FOLDER = join(__dirname, "..");

const command: Command = newCommand(
  "npm run -s render --",
  "Prints every object that a stack makes or lets Helm make, as YAML in a stable order: the CRDs, what the chart renders to " +
    "by the helm on PATH, pools, policies and BGP objects. It runs the program and changes nothing. Secrets, and what each " +
    "rendering makes anew, read (not shown).",
)
  .addOption(stackOption())
  .addOption(settingsOption())
  .option(
    "--output <folder>",
    "write one file an object instead, and an index, into a new folder or one that render wrote before",
  )
  .option(
    "--cluster",
    "render for the Kubernetes version and the APIs of the stack's cluster; default: cluster.kubernetes of the stack, and " +
      "the APIs of the Gateway API and of Prometheus' operator, without a cluster",
  )
  .action(run);
addChangeOptions(command);

async function run(options: Options): Promise<void> {
  const against = againstOf(command, options);
  if (against === undefined) return renderObjects(options);
  const { stack } = options;
  if (stack === undefined) return missingStack(command);
  const readCapabilities = options.cluster && capabilitiesOf;
  return printChanges({ folder: FOLDER, stack, against, readCapabilities }, options);
}

async function renderObjects(options: Options): Promise<void> {
  const { stack, config } = readSource(options);
  // Loaded here: the help comes sooner.
  const { renderStack }: typeof import("../render/renderStack") = require("../render/renderStack");
  const { Marks }: typeof import("../render/marks") = require("../render/marks");
  const rendered = await renderStack({
    folder: FOLDER,
    stack,
    config,
    capabilities: options.cluster ? await capabilitiesOf(config) : undefined,
    marks: new Marks(),
    warn: console.error,
  });
  if (options.output === undefined) {
    const { printObjects }: typeof import("../render/printObjects") =
      require("../render/printObjects");
    // A reader that has seen enough, as head has, is no error.
    process.stdout.once("error", ({ code }: NodeJS.ErrnoException) => {
      process.exit(code === "EPIPE" ? 0 : 1);
    });
    process.stdout.write(printObjects(rendered));
    return;
  }
  const { writeRenderedFolder }: typeof import("../render/renderedFolder") =
    require("../render/renderedFolder");
  writeRenderedFolder(options.output, rendered);
  console.log(`${options.output}: ${count(rendered.objects.length, "object")}`);
}

/** What the options name, as it is written: the program checks it, and says what is wrong without a secret. */
function readSource({ stack, settings }: Options): {
  readonly stack: string;
  readonly config: StackConfig;
} {
  if (settings === undefined) {
    if (stack !== undefined) return { stack, config: readStackConfig(stack) };
    return missingStack(command);
  }
  const keys = parseMapping(readFileSync(settings, "utf8"), settings);
  const config = Object.entries(keys).map(([key, value]) => [`${PROJECT}:${key}`, value]);
  return { stack: parsePath(settings).name, config: Object.fromEntries(config) };
}

async function capabilitiesOf(config: StackConfig): Promise<Capabilities> {
  const { loadCluster }: typeof import("../kubernetes/client") = require("../kubernetes/client");
  const { readCapabilities }: typeof import("../kubernetes/capabilities") =
    require("../kubernetes/capabilities");
  const { kubeconfig, context } = (config[`${PROJECT}:cluster`] ?? {}) as Record<string, string>;
  return readCapabilities(loadCluster({ kubeconfig, context }));
}

runCommand(command);
