import { type Command, InvalidArgumentError, Option } from "commander";
import { firstOf, readStackConfig, type StackConfig, stackNames } from "../config";
import type { Comparison } from "../render/compareStacks";
import { EFFECTS, type Effect } from "../render/effects";
import type { Format } from "../render/report";
import type { Capabilities } from "../sources/helm";
import { foundProblems } from "./commandLine";

/** Options that are about what changes. */
export interface ChangeOptions {
  readonly against?: string;
  readonly format?: Format;
  readonly failOn?: readonly Effect[];
}

export function addChangeOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--against <ref or folder>",
        "print what changes, instead of objects: compared with the stack of a commit (a branch, a tag), or with a folder that " +
          "--output wrote",
      ).conflicts(["settings", "output"]),
    )
    .addOption(
      new Option(
        "--format <format>",
        "with --against: of the report, whose Markdown fits a comment; default: text",
      ).choices(["text", "markdown", "json"] satisfies Format[]),
    )
    .option(
      "--fail-on <effects>",
      `with --against: end with 1 if the change has one of these effects, with commas between them: ${EFFECTS.join(", ")}`,
      parseEffects,
    )
    .addHelpText(
      "after",
      `
Exit codes: 0, done; 1, the change has an effect of --fail-on, or something cannot be rendered; 2, called wrongly.

Examples:
  npm run -s render -- --stack prod --output /tmp/prod
  npm run -s render -- --stack prod --against origin/main
  npm run -s render -- --stack prod --against origin/main --format markdown --fail-on "removes CRDs,immutable field"`,
    );
}

/** What to compare with; ends a command whose options are about changes, and which compares nothing. */
export function againstOf(command: Command, options: ChangeOptions): string | undefined {
  const { against, format, failOn } = options;
  if (against === undefined && (format !== undefined || failOn !== undefined)) {
    const option = format === undefined ? "--fail-on" : "--format";
    command.error(`error: ${option}: nothing is compared; name what to compare with, --against`);
  }
  return against;
}

/** Prints what changes in a stack. */
export async function printChanges(
  request: {
    /** Folder of the project. */
    readonly folder: string;
    readonly stack: string;
    readonly against: string;
    /** What the stack's cluster can do, for both sides; undefined where it is not asked. */
    readonly readCapabilities: ((config: StackConfig) => Promise<Capabilities>) | undefined;
  },
  { format = "text", failOn = [] }: ChangeOptions,
): Promise<void> {
  const { folder, stack, against, readCapabilities } = request;
  const readConfig = (checkout: string) =>
    stackNames(checkout).includes(stack) ? readStackConfig(stack, checkout) : undefined;
  const config = readConfig(folder);
  // Loaded here: the help comes sooner.
  const { compareWithBase }: typeof import("../render/compareWithBase") =
    require("../render/compareWithBase");
  const { report }: typeof import("../render/report") = require("../render/report");
  const compared = await compareWithBase({
    folder,
    stack,
    against,
    readConfig,
    capabilities: config && (await readCapabilities?.(config)),
    warn: console.error,
  });
  const again = `npm run -s render -- --stack ${stack} --against ${against}`;
  process.stdout.write(report(format, stack, compared, again));
  if (failOn.length > 0) failIfFound(compared.result, failOn);
}

/** What nobody could compare is not known to be harmless. */
function failIfFound(
  result: Comparison | { readonly problem: string },
  failOn: readonly Effect[],
): void {
  if ("problem" in result) {
    console.error(`--fail-on: nothing was compared, so it is not known (${failOn.join(", ")})`);
    foundProblems();
    return;
  }
  const found = [...result.findings, ...result.changes];
  for (const effect of failOn) {
    const objects = found.filter((each) => each.effect === effect).map(({ object }) => object);
    if (objects.length === 0) continue;
    console.error(`--fail-on: ${effect}: ${firstOf([...new Set(objects)])}`);
    foundProblems();
  }
}

function parseEffects(text: string): Effect[] {
  return text.split(",").map((each) => {
    const effect = EFFECTS.find((name) => name === each.trim());
    if (effect !== undefined) return effect;
    throw new InvalidArgumentError(
      `There is no effect "${each.trim()}"; they are: ${EFFECTS.join(", ")}.`,
    );
  });
}
