import deepmerge from "deepmerge";
import { gatewayApiOf, PROJECT, readStackConfig, type StackConfig, settingsOf } from "../../config";
import type { LabFolder } from "../labFolder";
import { chartPath, gatewayApiPath } from "../toolchain/sources";

/**
 * A stack's configuration for this lab: its file, and over it what depends on the machine. These are the stack's own
 * options, the way somebody without internet would set them.
 * @param port KubePrism's port, when it is not the one in the file.
 */
export async function labConfig(
  labFolder: LabFolder,
  stack: string,
  port?: number,
): Promise<StackConfig> {
  const file = readStackConfig(stack);
  const settings = settingsOf(file);
  const { cilium } = settings;
  const gatewayApi = gatewayApiOf(settings);
  const overrides: StackConfig = {
    [`${PROJECT}:cluster`]: { kubeconfig: labFolder.kubeconfig, context: "lab" },
    ...(gatewayApi !== undefined && {
      [`${PROJECT}:gatewayApi`]: {
        source: await gatewayApiPath(gatewayApi.version, gatewayApi.channel),
      },
    }),
    [`${PROJECT}:cilium`]: { chart: await chartPath(cilium.version) },
    ...(port !== undefined && { [`${PROJECT}:kubePrism`]: { port } }),
  };
  return deepmerge(file, overrides, { arrayMerge: (_file, override) => override });
}
