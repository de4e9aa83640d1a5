import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { parse } from "yaml";
import { ConfigError, readSettings, readStackSettings, type Settings } from "../config";

/** The options that say whose settings a command uses; commander refuses both at once. */
export interface SettingsSource {
  readonly stack?: string;
  /** Path of a file. */
  readonly settings?: string;
}

/**
 * Settings by --stack or --settings; ends a command that was called with neither.
 * @throws Error when the stack or the file cannot be read.
 * @throws ConfigError with every problem of the settings.
 */
export function readSettingsOf(command: Command, { stack, settings }: SettingsSource): Settings {
  if (settings !== undefined) return parseSettings(readFileSync(settings, "utf8"), settings);
  if (stack !== undefined) return readStackSettings(stack);
  return missingStack(command);
}

/** Ends a command that needs a stack and was called without one. */
export function missingStack(command: Command): never {
  return command.error("error: --stack: missing; name a stack, like --stack prod");
}

/**
 * Reads settings that are not in a stack file: the keys of the configuration, without the project's name before them,
 * as JSON or YAML. Complete settings, defaults filled in, are such keys, too.
 * @param source what the text is from: the path of a file, or the name of a variable. Every error begins with it.
 * @throws Error when it is not YAML, or no mapping.
 * @throws ConfigError with every problem of the settings.
 */
export function parseSettings(text: string, source: string): Settings {
  const keys = parseMapping(text, source);
  try {
    return readSettings({ getObject: (key) => keys[key] }, Object.keys(keys));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(
      error.problems.map((problem) => ({ ...problem, path: `${source}: ${problem.path}` })),
    );
  }
}

/**
 * The keys of settings that are not in a stack file, as they are written: nothing is checked.
 * @param source as for {@link parseSettings}.
 * @throws Error when it is not YAML, or no mapping.
 */
export function parseMapping(text: string, source: string): Readonly<Record<string, unknown>> {
  let parsed: unknown;
  try {
    parsed = parse(text);
  } catch (error) {
    const [reason] = String((error as Error).message).split("\n");
    throw new Error(`${source}: not YAML (${reason}); write the keys of docs/configuration.md`);
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new Error(
      `${source}: not a mapping (${JSON.stringify(parsed).slice(0, 100)}); write the keys of docs/configuration.md`,
    );
  }
  return parsed as Record<string, unknown>;
}
