import { basename, dirname, resolve } from "node:path";
import {
  ConfigError,
  checkFleet,
  describeProblem,
  type Problem,
  readStackSettings,
  type Site,
  stackNames,
  warningsOf,
} from "../config";
import { foundProblems, newCommand, runCommand } from "./commandLine";

/** A stack file: Pulumi.NAME.yaml in a folder. */
interface StackFile {
  readonly stack: string;
  readonly folder: string | undefined;
}

const command = newCommand(
  "npm run -s check-stacks --",
  "Checks stack files, each alone and against each other, without a cluster and without Pulumi.",
)
  .argument("[file...]", "stack files (Pulumi.NAME.yaml); default: all beside Pulumi.yaml")
  .action((files: string[]) => {
    checkStacks(
      files.length === 0
        ? stackNames().map((stack) => ({ stack, folder: undefined }))
        : files.map(stackFile),
    );
  });

/** Prints a line for each stack that is in order, each problem, and each warning. */
function checkStacks(files: readonly StackFile[]): void {
  if (files.length === 0) console.log("there are no stack files: none named Pulumi.NAME.yaml");
  const problems: string[] = [];
  const sites: Site[] = [];
  for (const { stack, folder } of files) {
    try {
      sites.push({ stack, settings: readStackSettings(stack, folder) });
    } catch (error) {
      problems.push(...sentences(error).map((sentence) => `${stack}: ${sentence}`));
    }
  }
  const collisions = collisionsOf(sites);
  for (const { stack, settings } of sites) {
    for (const warning of warningsOf(settings)) {
      console.log(`${stack}: warning: ${describeProblem(warning)}`);
    }
    if (!collisions.some(({ path }) => path.startsWith(`${stack}: `))) console.log(`${stack}: ok`);
  }
  problems.push(...collisions.map(describeProblem));
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) foundProblems();
}

/** The problems of stacks with each other; their paths begin with the name of a stack. */
function collisionsOf(sites: readonly Site[]): readonly Problem[] {
  try {
    checkFleet(sites);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

/** What is wrong with a stack file, a sentence each. */
function sentences(error: unknown): string[] {
  if (error instanceof ConfigError) return error.problems.map(describeProblem);
  return [error instanceof Error ? error.message : String(error)];
}

function stackFile(path: string): StackFile {
  const [, stack] = /^Pulumi\.(.+)\.yaml$/.exec(basename(path)) ?? [];
  if (stack === undefined) {
    return command.error(
      `error: ${path}: not the name of a stack file; name files, like Pulumi.prod.yaml`,
    );
  }
  return { stack, folder: resolve(dirname(path)) };
}

runCommand(command);
