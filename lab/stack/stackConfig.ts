import { readFileSync } from "node:fs";
import { join } from "node:path";
import deepmerge from "deepmerge";
import { parse } from "yaml";
import { readSettings, type Settings } from "../../config";
import { PROJECT_FOLDER, type State } from "../state";
import { chartPath, gatewayApiPath } from "./sources";

/** Name of the project in Pulumi.yaml, and so of its configuration keys. */
export const PROJECT = "talos-cilium";

/** Configuration of a stack: what its file says under `config:`. */
export type StackConfig = Readonly<Record<string, unknown>>;

/** Reads `Pulumi.<stack>.yaml` of the project. */
export function readStackFile(stack: string): StackConfig {
  const file = join(PROJECT_FOLDER, `Pulumi.${stack}.yaml`);
  return (parse(readFileSync(file, "utf8")) as { config: StackConfig }).config;
}

/** The settings of a configuration, as the program itself would read them. */
export function settingsOf(config: StackConfig): Settings {
  return readSettings({ getObject: (key) => config[`${PROJECT}:${key}`] });
}

/**
 * A stack's configuration for this lab: its file, and over it what depends on the machine. These are the stack's own
 * options, the way somebody without internet would set them.
 * @param port KubePrism's port, when it is not the one in the file.
 */
export async function labConfig(state: State, stack: string, port?: number): Promise<StackConfig> {
  const file = readStackFile(stack);
  const { cilium, gatewayApi } = settingsOf(file);
  const overrides: StackConfig = {
    [`${PROJECT}:cluster`]: { kubeconfig: state.kubeconfig, context: "lab" },
    [`${PROJECT}:gatewayApi`]: {
      source: await gatewayApiPath(gatewayApi.version, gatewayApi.channel),
    },
    [`${PROJECT}:cilium`]: { chart: await chartPath(cilium.version) },
    ...(port !== undefined && { [`${PROJECT}:kubePrism`]: { port } }),
  };
  return deepmerge(file, overrides, { arrayMerge: (_file, override) => override });
}
