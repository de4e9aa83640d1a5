import { execa } from "execa";
import { systemPath } from "./systemPath";

/** Start of a command line that runs the rest of it somewhere else, as in a namespace; empty: right here. */
export type CommandPrefix = readonly string[];

/**
 * Runs a command, with root's programs on its PATH.
 * @param input text for standard input.
 * @returns what it printed to standard output.
 * @throws Error with what it printed to standard error.
 */
export async function run(command: readonly string[], input?: string): Promise<string> {
  const [program = "", ...args] = command;
  const { stdout } = await execa(program, args, {
    env: { PATH: systemPath() },
    ...(input !== undefined && { input }),
  });
  return stdout;
}
