// A process of its own, in the folder of a checkout: runs that checkout's program with its packages, in a preview without
// an engine and without a cluster, and answers on file descriptor 3 with what it registers. The checkout may be older than
// this file, which therefore imports nothing of the project.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type * as Pulumi from "@pulumi/pulumi";
import type { ProgramQuestion, RecordedProgram, RecordedResource } from "./program";

const ANSWER = 3;

const requireFromCheckout = createRequire(join(process.cwd(), "package.json"));

void main();

async function main(): Promise<void> {
  // What a resource's inputs wait for may fail long after the program itself has ended.
  process.once("unhandledRejection", refuse);
  try {
    const question = JSON.parse(readFileSync(0, "utf8")) as ProgramQuestion;
    answer(await record(question));
  } catch (error) {
    refuse(error);
  }
}

async function record({ project, stack, config }: ProgramQuestion): Promise<RecordedProgram> {
  const pulumi: typeof Pulumi = requireFromCheckout("@pulumi/pulumi");
  const resources: RecordedResource[] = [];
  const secrets: string[] = [];
  pulumi.runtime.setAllConfig({ ...config });
  await pulumi.runtime.setMocks(
    {
      newResource({ type, name, inputs, custom }) {
        if (custom && type.startsWith("kubernetes:")) {
          resources.push({ type, name, inputs: unwrapSecrets(inputs, secrets) });
        }
        // A command would have printed nothing yet.
        return { id: `${name}-id`, state: { stdout: "", ...inputs } };
      },
      call({ token }) {
        // The look at the stack's own state, as if it were never applied.
        if (token === "pulumi:pulumi:readStackOutputs") return { outputs: {} };
        throw new Error(`the program calls ${token}, which has no answer without a cluster`);
      },
    },
    project,
    stack,
    true,
    "organization",
  );
  acceptErrorHooks(pulumi);
  const program = requireFromCheckout("./index.ts");
  if (typeof program === "function") await program();
  // Waits for every resource.
  await pulumi.runtime.disconnect();
  return { resources, secrets };
}

/** Pulumi's mocks know no error hooks. */
function acceptErrorHooks(pulumi: typeof Pulumi): void {
  const monitor = pulumi.runtime.getMonitor() as unknown as {
    registerErrorHook?(request: unknown, callback: (error: null) => void): void;
  };
  monitor.registerErrorHook ??= (_, callback) => callback(null);
}

/** Key and value by which Pulumi's protocol marks a secret; the value lies beside them. */
const [SIGNATURE, IS_SECRET] = [
  "4dabf18193072939515e22adb298388d",
  "1b47061264138c4ac30d75fd1eb44270",
];

/** @param secrets is given each secret. */
function unwrapSecrets(value: unknown, secrets: string[]): unknown {
  if (Array.isArray(value)) return value.map((each) => unwrapSecrets(each, secrets));
  if (typeof value !== "object" || value === null) return value;
  const fields = value as Readonly<Record<string, unknown>>;
  if (fields[SIGNATURE] === IS_SECRET) {
    const secret = unwrapSecrets(fields.value, secrets);
    secrets.push(...leavesOf(secret));
    return secret;
  }
  return Object.fromEntries(
    Object.entries(fields).map(([key, inner]) => [key, unwrapSecrets(inner, secrets)]),
  );
}

function leavesOf(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [String(value)];
  return Object.values(value).flatMap(leavesOf);
}

function refuse(error: unknown): void {
  answer({ error: error instanceof Error ? error.message : String(error) });
}

/** Ends the process: nothing that the program has left open keeps it. */
function answer(answered: RecordedProgram | { readonly error: string }): void {
  writeFileSync(ANSWER, JSON.stringify(answered));
  process.exit(0);
}
