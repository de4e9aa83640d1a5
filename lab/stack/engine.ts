import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Stack } from "@pulumi/pulumi/automation";
import { parse, stringify } from "yaml";
import { PROJECT, type StackConfig } from "../../config";
import { type LabFolder, PROJECT_FOLDER } from "../labFolder";
import { mark } from "../process/labProcesses";
import { findCommandProvider } from "../toolchain/installed";
import type { Toolchain } from "../toolchain/toolchain";
import { VERSIONS } from "../toolchain/versions";

/** A Pulumi program that runs in this process. */
export type Program = () => Promise<Record<string, unknown> | undefined>;

/**
 * The stack, ready for up, preview and destroy: the program run by the real engine through the Automation API (which
 * needs no language host), its state and plugins in the lab's folder.
 * @param program what to run, by default index.ts.
 */
export async function openStack(
  labFolder: LabFolder,
  toolchain: Toolchain,
  name: string,
  config: StackConfig,
  program: Program = require("../../index"),
): Promise<Stack> {
  // Loaded here: commands that run no engine start half a second sooner.
  const { LocalWorkspace, PulumiCommand }: typeof import("@pulumi/pulumi/automation") =
    require("@pulumi/pulumi/automation");
  const home = await pulumiHome(labFolder, toolchain);
  const workDir = labFolder.join("stack", name);
  mkdirSync(workDir, { recursive: true });
  mkdirSync(labFolder.join("backend"), { recursive: true });
  // The project's own Pulumi.yaml, but with a stack file that may be written to.
  const project = parse(readFileSync(join(PROJECT_FOLDER, "Pulumi.yaml"), "utf8"));
  writeFileSync(
    join(workDir, "Pulumi.yaml"),
    stringify({ ...project, main: `${PROJECT_FOLDER}/` }),
  );
  const stackFile = join(workDir, `Pulumi.${name}.yaml`);

  const stack = await LocalWorkspace.createOrSelectStack(
    { stackName: name, projectName: PROJECT, program },
    {
      workDir,
      pulumiHome: home,
      pulumiCommand: await PulumiCommand.get({ root: home }),
      envVars: {
        PULUMI_BACKEND_URL: `file://${labFolder.join("backend")}`,
        PULUMI_CONFIG_PASSPHRASE: "lab",
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
        PULUMI_SKIP_UPDATE_CHECK: "true",
        // The provider's Helm writes nothing outside the lab either.
        HELM_CACHE_HOME: labFolder.join("helm", "cache"),
        HELM_CONFIG_HOME: labFolder.join("helm", "config"),
        HELM_DATA_HOME: labFolder.join("helm", "data"),
        ...mark(labFolder, "pulumi"),
      },
    },
  );
  // Beside the configuration it holds the salt of the stack's secrets.
  const written = existsSync(stackFile) ? parse(readFileSync(stackFile, "utf8")) : {};
  writeFileSync(stackFile, stringify({ ...written, config }));
  return stack;
}

/** A home folder of the lab's own for Pulumi, with links to the CLI and the plugins. */
async function pulumiHome(labFolder: LabFolder, toolchain: Toolchain): Promise<string> {
  const home = labFolder.join("pulumi");
  const commandProvider =
    (await findCommandProvider()) ?? join(__dirname, "commandProvider", "pulumi-resource-command");
  link(toolchain.pulumi, join(home, "bin"), "pulumi");
  link(
    toolchain["pulumi-resource-kubernetes"],
    join(home, "plugins", `resource-kubernetes-${VERSIONS.pulumiKubernetes}`),
    "pulumi-resource-kubernetes",
  );
  link(
    commandProvider,
    join(home, "plugins", `resource-command-${VERSIONS.pulumiCommand}`),
    "pulumi-resource-command",
  );
  return home;
}

function link(target: string, folder: string, name: string): void {
  mkdirSync(folder, { recursive: true });
  rmSync(join(folder, name), { force: true });
  symlinkSync(target, join(folder, name));
}
