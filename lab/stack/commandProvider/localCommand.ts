import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type * as pulumi from "@pulumi/pulumi";
import type { CheckFailure } from "@pulumi/pulumi/provider";
import { execa } from "execa";

/** Inputs of command:local:Command that this provider knows, as the SDK sends them. */
interface CommandInputs {
  readonly create?: string;
  readonly update?: string;
  readonly delete?: string;
  readonly dir?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly interpreter?: readonly string[];
  readonly triggers?: readonly unknown[];
}

/** Its outputs: the inputs, and what the last command printed. */
interface CommandState extends CommandInputs {
  readonly stdout?: string;
  readonly stderr?: string;
}

/** Inputs whose change runs the update command; a change of triggers replaces the resource instead. */
const UPDATING = ["create", "update", "delete", "dir", "environment", "interpreter"] as const;
const KNOWN: readonly string[] = [...UPDATING, "triggers"];

/** Whether two inputs differ in a way that asks for work, and for which. */
export function diffCommand(
  olds: CommandState,
  news: CommandInputs,
): { changes: boolean; replaces: string[] } {
  const changed = UPDATING.some((key) => !isDeepStrictEqual(olds[key], news[key]));
  const triggered = !isDeepStrictEqual(olds.triggers ?? [], news.triggers ?? []);
  return { changes: changed || triggered, replaces: triggered ? ["triggers"] : [] };
}

/**
 * `command:local:Command` as the official provider of that version does it, for machines without that plugin; an
 * input that it does not know is refused, never ignored.
 */
export class LocalCommandProvider implements pulumi.provider.Provider {
  constructor(public readonly version: string) {}

  /** Refuses other resource types, unknown inputs, and secrets, which this stand-in would not keep. */
  async check(urn: pulumi.URN, _olds: unknown, news: CommandInputs) {
    const failures: CheckFailure[] = Object.keys(news)
      .filter((key) => !KNOWN.includes(key))
      .map((property) => ({
        property,
        reason:
          "the lab's stand-in for the command provider does not know this input; install the official plugin",
      }));
    if (!urn.includes("command:local:Command")) {
      failures.push({ property: "", reason: `not command:local:Command (${urn})` });
    }
    if (JSON.stringify(news).includes("4dabf18193072939515e22adb298388d")) {
      failures.push({ property: "", reason: "secret inputs need the official plugin" });
    }
    return { inputs: news, failures };
  }

  /** See {@link diffCommand}. */
  async diff(_id: pulumi.ID, _urn: pulumi.URN, olds: CommandState, news: CommandInputs) {
    return diffCommand(olds, news);
  }

  /** Runs the create command. */
  async create(_urn: pulumi.URN, inputs: CommandInputs) {
    return {
      id: `command${randomUUID()}`,
      outs: { ...inputs, ...(await run(inputs.create, inputs, {})) },
    };
  }

  /** Runs the update command, or the create command when there is none. */
  async update(_id: pulumi.ID, _urn: pulumi.URN, olds: CommandState, news: CommandInputs) {
    return { outs: { ...news, ...(await run(news.update ?? news.create, news, olds)) } };
  }

  /** Runs the delete command. */
  async delete(_id: pulumi.ID, _urn: pulumi.URN, state: CommandState) {
    await run(state.delete, state, state);
  }
}

async function run(
  command: string | undefined,
  inputs: CommandInputs,
  previous: CommandState,
): Promise<{ stdout: string; stderr: string }> {
  if (command === undefined) {
    return { stdout: previous.stdout ?? "", stderr: previous.stderr ?? "" };
  }
  const [shell = "/bin/sh", ...args] = inputs.interpreter ?? ["/bin/sh", "-c"];
  const { stdout, stderr, exitCode, shortMessage } = await execa(shell, [...args, command], {
    ...(inputs.dir !== undefined && { cwd: inputs.dir }),
    env: {
      ...inputs.environment,
      PULUMI_COMMAND_STDOUT: previous.stdout ?? "",
      PULUMI_COMMAND_STDERR: previous.stderr ?? "",
    },
    stdin: "ignore",
    reject: false,
  });
  if (exitCode !== 0) {
    throw new Error(
      `${exitCode === undefined ? shortMessage : `exit status ${exitCode}`}: running ${JSON.stringify(command)}:\n${[stderr, stdout].filter(Boolean).join("\n")}`,
    );
  }
  return { stdout, stderr };
}
