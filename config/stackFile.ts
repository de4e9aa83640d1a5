import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { Settings } from "./schema";
import { readSettings } from "./settings";

const ROOT = join(__dirname, "..");

/** Name of the project in Pulumi.yaml. Pulumi puts it before each configuration key. */
export const PROJECT = "talos-cilium";

const PREFIX = `${PROJECT}:`;

/** The map under `config:` in a stack file. */
export type StackConfig = Readonly<Record<string, unknown>>;

/**
 * Reads the settings of a stack from `Pulumi.<stack>.yaml`, without Pulumi and without a cluster.
 * @param stack name of the stack, without organisation and project: prod.
 * @param folder folder with the stack files; default: the project's.
 * @throws Error when there is no such file, or when it is not YAML.
 * @throws ConfigError when the program would refuse the configuration.
 */
export function readStackSettings(stack: string, folder = ROOT): Settings {
  return settingsOf(readStackConfig(stack, folder));
}

/** Names of the stacks that have a file in a folder (default: the project's), sorted. */
export function stackNames(folder = ROOT): string[] {
  return readdirSync(folder)
    .flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? [])
    .sort();
}

/**
 * Reads the settings of a configuration as the program does.
 * @throws ConfigError when the program would refuse it.
 */
export function settingsOf(config: StackConfig): Settings {
  const keys = Object.keys(config)
    .filter((key) => key.startsWith(PREFIX))
    .map((key) => key.slice(PREFIX.length));
  return readSettings({ getObject: (key) => config[`${PREFIX}${key}`] }, keys);
}

/**
 * Reads the configuration in `Pulumi.<stack>.yaml`, which may be empty.
 * @param stack name of the stack.
 * @param folder folder with the stack files; default: the project's.
 * @throws Error when there is no such file, or when it is not YAML.
 */
export function readStackConfig(stack: string, folder = ROOT): StackConfig {
  const file = `Pulumi.${stack}.yaml`;
  const stacks = stackNames(folder);
  if (!stacks.includes(stack)) {
    throw new Error(`${file}: there is no such stack (${stack}); take one of ${stacks.join(", ")}`);
  }
  const text = readFileSync(join(folder, file), "utf8");
  try {
    return parse(text)?.config ?? {};
  } catch (error) {
    const [reason] = String((error as Error).message).split("\n");
    throw new Error(`${file}: it is not YAML (${reason}); correct it there`);
  }
}
