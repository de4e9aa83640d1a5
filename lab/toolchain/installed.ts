import { access, constants } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { execa } from "execa";
import semver from "semver";
import type { Tool } from "./tools";
import { VERSIONS } from "./versions";

/** A program of the user's own. */
export interface InstalledProgram {
  /** Path of the program. */
  readonly path: string;
  /** Its version, as it prints it. */
  readonly version: string;
}

/** Looks for the tool among the user's own programs; undefined when there is none, or none that will do. */
export async function findInstalled(tool: Tool): Promise<InstalledProgram | undefined> {
  if (tool.installed === undefined) return undefined;
  for (const folder of foldersOf(tool)) {
    const path = join(folder, tool.name);
    if (!(await isExecutable(path))) continue;
    const { stdout, stderr, exitCode } = await execa(path, [...tool.installed.versionArgs], {
      reject: false,
      timeout: 30_000,
      env: { PULUMI_SKIP_UPDATE_CHECK: "true" },
    });
    const version = semver.coerce(`${stdout}\n${stderr}`);
    if (exitCode === 0 && version !== null && semver.satisfies(version, tool.installed.range)) {
      return { path, version: version.version };
    }
  }
  return undefined;
}

/** The official command provider among the user's Pulumi plugins, of the pinned version; undefined when absent. */
export async function findCommandProvider(): Promise<string | undefined> {
  const path = join(
    pluginsFolder(),
    `resource-command-${VERSIONS.pulumiCommand}`,
    "pulumi-resource-command",
  );
  return (await isExecutable(path)) ? path : undefined;
}

function foldersOf(tool: Tool): string[] {
  switch (tool.installed?.where) {
    case "PATH":
      return (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
    case "KUBEBUILDER_ASSETS":
      return process.env.KUBEBUILDER_ASSETS ? [process.env.KUBEBUILDER_ASSETS] : [];
    case "PULUMI_PLUGINS":
      return [join(pluginsFolder(), `${tool.name.replace(/^pulumi-/, "")}-${tool.version}`)];
    default:
      return [];
  }
}

function pluginsFolder(): string {
  return join(process.env.PULUMI_HOME ?? join(homedir(), ".pulumi"), "plugins");
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
