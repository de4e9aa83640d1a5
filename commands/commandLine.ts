import { Command, CommanderError, InvalidArgumentError, Option } from "commander";

/** Exit codes of every command, beside 0. */
const FAILED = 1;
const USAGE_ERROR = 2;

/**
 * A command of this project: `--help`, unknown options refused, and the help after an error of its usage.
 * @param name as it is typed: `npm run -s verify --`.
 */
export function newCommand(name: string, description: string): Command {
  // The callback that replaces process.exit is inherited by subcommands.
  return new Command(name).description(description).showHelpAfterError().exitOverride();
}

/**
 * Runs a command with the arguments of this process. Exit codes: 0, the work is done and found nothing wrong; 1, it
 * failed, or found problems; 2, the command was called wrongly.
 * @param describe turns an error into text; by default its message.
 */
export function runCommand(
  command: Command,
  describe: (error: unknown) => string = messageOf,
): void {
  command.parseAsync().catch((error) => {
    // Commander has printed its own.
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : USAGE_ERROR;
      return;
    }
    console.error(describe(error));
    // Not by exitCode alone, which waits for connections and timers that are still open.
    process.exit(FAILED);
  });
}

/** Exit code of a command that did its work and found problems. */
export function foundProblems(): void {
  process.exitCode = FAILED;
}

/**
 * Makes options required. Commander's own requiredOption would speak of them even where an unknown option is the mistake.
 * @param flags as in the help: `--stack <name>`.
 */
export function demandOptions(command: Command, ...flags: readonly string[]): Command {
  const wanted = flags.map((each) => new Option(each));
  return command.hook("preAction", () => {
    for (const option of wanted) {
      if (command.getOptionValue(option.attributeName()) === undefined) {
        command.error(`error: required option '${option.flags}' not specified`);
      }
    }
  });
}

export function stackOption(): Option {
  return new Option("--stack <name>", "the stack: prod, for the settings of Pulumi.prod.yaml");
}

export function settingsOption(): Option {
  return new Option(
    "--settings <file>",
    "settings from a JSON or YAML file with the keys of docs/configuration.md, instead of a stack's",
  ).conflicts("stack");
}

/** Parser of an option whose value is a whole number of seconds. */
export function parseSeconds(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("It is not a number of seconds.");
  return Number(text);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
