import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { StackConfig } from "../config";

/** What the process of a program is asked, on its standard input: no variable and no argument has a value of the stack. */
export interface ProgramQuestion {
  readonly project: string;
  readonly stack: string;
  /** As Pulumi hands it to a program: lists and mappings as JSON. */
  readonly config: Readonly<Record<string, string>>;
}

/** A resource of Kubernetes or Helm as the program registered it. */
export interface RecordedResource {
  /** Pulumi's: `kubernetes:helm.sh/v3:Release`. */
  readonly type: string;
  readonly name: string;
  readonly inputs: unknown;
}

export interface RecordedProgram {
  readonly resources: readonly RecordedResource[];
  /** Values that the program marked as secret. */
  readonly secrets: readonly string[];
}

/** A file that there is not: the program looks for no cluster. */
const NO_KUBECONFIG = join(__dirname, "no-kubeconfig");

/** Milliseconds that a program may take; it may have to download the Gateway API's bundle. */
const TIMEOUT = 180_000;

/**
 * Runs the program of a checkout with a stack's configuration, in a preview without an engine and a cluster. It runs in a
 * process of its own, in the checkout's folder and with its packages: another checkout may have another Pulumi, and
 * Pulumi's runtime is one a process.
 *
 * What the program logs is not printed: `check-stacks` and `pulumi preview` do. So the warning that no cluster could be
 * looked at, which is meant for a preview, is not seen here.
 * @param folder of the checkout.
 * @throws Error when the program refuses the configuration.
 */
export async function runProgram(
  folder: string,
  stack: string,
  config: StackConfig,
): Promise<RecordedProgram> {
  if (!existsSync(join(folder, "node_modules"))) {
    throw new Error(
      `${folder}: its packages are not installed (no node_modules); run npm ci there`,
    );
  }
  const project = readProject(folder);
  const question: ProgramQuestion = {
    project: project.name,
    stack,
    config: asPulumi({ ...project.defaults, ...withoutKubeconfig(config, project.name) }),
  };
  const { execa } = await import("execa");
  const { stdio, stderr } = await execa(
    process.execPath,
    ["--require", "ts-node/register/transpile-only", join(__dirname, "recordProgram.ts")],
    {
      cwd: folder,
      stdio: ["pipe", "ignore", "pipe", "pipe"],
      input: JSON.stringify(question),
      env: { KUBECONFIG: NO_KUBECONFIG },
      reject: false,
      timeout: TIMEOUT,
      maxBuffer: 1e9,
    },
  );
  const text = stdio[3] as unknown as string;
  if (text === "") {
    const reason = stderr.trim().split("\n").at(-1) || `no answer within ${TIMEOUT / 1000} s`;
    throw new Error(
      `${folder}: its program could not be run (${reason}); run pulumi preview there`,
    );
  }
  const answer = JSON.parse(text) as RecordedProgram | { readonly error: string };
  if ("error" in answer) throw new Error(answer.error);
  return answer;
}

/** Name of the project of a checkout, and the values that Pulumi.yaml gives to keys that a stack leaves out. */
function readProject(folder: string): { readonly name: string; readonly defaults: StackConfig } {
  const { name, config = {} } = parse(readFileSync(join(folder, "Pulumi.yaml"), "utf8")) as {
    readonly name: string;
    readonly config?: Readonly<
      Record<string, { readonly default?: unknown; readonly value?: unknown }>
    >;
  };
  const defaults = Object.entries(config).flatMap(([key, declared]) => {
    const value = declared?.default ?? declared?.value;
    return value === undefined ? [] : [[key.includes(":") ? key : `${name}:${key}`, value]];
  });
  return { name, defaults: Object.fromEntries(defaults) };
}

/** The stack's own path would go before KUBECONFIG. */
function withoutKubeconfig(config: StackConfig, project: string): StackConfig {
  const key = `${project}:cluster`;
  const cluster = config[key];
  if (typeof cluster !== "object" || cluster === null) return config;
  return { ...config, [key]: { ...cluster, kubeconfig: undefined } };
}

function asPulumi(config: StackConfig): Record<string, string> {
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [
      key,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
}
