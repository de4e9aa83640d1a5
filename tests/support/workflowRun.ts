import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { parse } from "yaml";

/** A step of a job, as far as the workflows of this project use it. */
interface Step {
  readonly id?: string;
  readonly if?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly "continue-on-error"?: boolean;
}

export interface Job {
  readonly if?: string;
  readonly permissions: Readonly<Record<string, string>>;
  readonly environment?: string;
  readonly concurrency?: { readonly group: string; readonly "cancel-in-progress": boolean };
  readonly env?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

export interface Workflow {
  readonly on: object;
  readonly permissions: object;
  readonly jobs: Readonly<Record<string, Job>>;
}

/** What expressions may name, by path: matrix.stack. Those that are missing are empty, as at GitHub. */
export type Context = Readonly<Record<string, string>>;

/** A job that was run. */
export interface JobRun {
  /** Each command that ran, with how it ended. */
  readonly ran: readonly { readonly run: string; readonly outcome: string }[];
  readonly printed: string;
  readonly failed: boolean;
  /** What was written to GITHUB_OUTPUT and GITHUB_STEP_SUMMARY. */
  readonly output: string;
  readonly summary: string;
}

export interface JobPlace {
  /** The checkout. */
  readonly folder: string;
  /** RUNNER_TEMP, an empty folder. */
  readonly temp: string;
  readonly context: Context;
  /** Variables of the runner itself; nothing of this process's environment but PATH is there. */
  readonly env: Readonly<Record<string, string>>;
}

export function readWorkflow(file: string): Workflow {
  return parse(readFileSync(file, "utf8"));
}

/**
 * Runs the commands of a job in order, as GitHub's runner does: `if`, `env`, expressions, continue-on-error, and the files
 * for outputs, paths and the summary. Actions are left out, and so is `npm ci`: the test has prepared what they do.
 */
export async function runJob(job: Job, { folder, temp, context, env }: JobPlace): Promise<JobRun> {
  const files = { GITHUB_OUTPUT: "output", GITHUB_PATH: "path", GITHUB_STEP_SUMMARY: "summary" };
  const paths = Object.fromEntries(
    Object.entries(files).map(([name, file]) => [name, join(temp, file)]),
  );
  for (const path of Object.values(paths)) writeFileSync(path, "");
  const read = (file: string) => readFileSync(join(temp, file), "utf8");
  const ran: { run: string; outcome: string }[] = [];
  const outcomes: Record<string, string> = {};
  let printed = "";
  let failed = false;
  for (const step of job.steps) {
    const known: Context = { ...context, ...outcomes };
    if (step.run === undefined || step.run === "npm ci") continue;
    const isDue = step.if === undefined ? !failed : holds(step.if, known) && !failed;
    if (!isDue) continue;
    const added = read("path").split("\n").filter(Boolean).reverse();
    const { exitCode, all } = await execa("bash", ["-e", "-c", evaluate(step.run, known)], {
      cwd: folder,
      extendEnv: false,
      env: {
        ...env,
        ...paths,
        RUNNER_TEMP: temp,
        ...evaluated(job.env, known),
        ...evaluated(step.env, known),
        PATH: [...added, env.PATH ?? process.env.PATH].join(":"),
      },
      all: true,
      reject: false,
    });
    const outcome = exitCode === 0 ? "success" : "failure";
    printed += `$ ${step.run}\n${all}\n`;
    ran.push({ run: step.run, outcome });
    if (step.id) outcomes[`steps.${step.id}.outcome`] = outcome;
    failed ||= outcome === "failure" && step["continue-on-error"] !== true;
  }
  return { ran, printed, failed, output: read("output"), summary: read("summary") };
}

/** Whether a condition holds: comparisons of paths and texts, joined by &&. */
export function holds(condition: string, context: Context): boolean {
  const bare = condition.replace(/^\$\{\{|\}\}$/g, "");
  return bare.split("&&").every((part) => {
    const [, left = "", operator, right = ""] = /^\s*(\S+) (==|!=) (.+?)\s*$/.exec(part) ?? [];
    if (operator === undefined) throw new Error(`not understood: ${part}`);
    return (textAt(left, context) === textAt(right, context)) === (operator === "==");
  });
}

function textAt(text: string, context: Context): string {
  const [, literal] = /^'(.*)'$/.exec(text) ?? [];
  return literal ?? context[text] ?? "";
}

function evaluate(text: string, context: Context): string {
  return text.replaceAll(/\$\{\{\s*(.+?)\s*\}\}/g, (_, path: string) => context[path] ?? "");
}

function evaluated(
  variables: Readonly<Record<string, string>> | undefined,
  context: Context,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables ?? {}).map(([name, value]) => [name, evaluate(value, context)]),
  );
}

/** The npm scripts that a command calls. */
export function scriptsOf(run: string): string[] {
  return [...run.matchAll(/\bnpm run (?:-s )?([\w-]+)/g)].map(([, name = ""]) => name);
}

/** The commands of all jobs. */
export function commandsOf({ jobs }: Workflow): string[] {
  return Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []));
}

/** The actions of all jobs. */
export function actionsOf({ jobs }: Workflow): string[] {
  return Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ uses }) => uses ?? []));
}
