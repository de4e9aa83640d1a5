import { join } from "node:path";
import { count } from "../../config";
import type { Depth } from "../depth";
import { buildPrograms, MODULE_FOLDER, programsOf } from "./build";
import { Cache } from "./cache";
import { findInstalled } from "./installed";
import { Pace, Progress } from "./progress";
import { type CommonToolName, type Installed, type Tool, type ToolName, toolsOf } from "./tools";

/** Path of every program of a lab; those of one depth are there at that depth alone. */
export type Toolchain = Readonly<Record<CommonToolName, string>> &
  Readonly<Partial<Record<ToolName, string>>>;

/**
 * Path of a program that one depth alone has.
 * @throws Error when the toolchain is the other depth's.
 */
export function programOf(toolchain: Toolchain, name: ToolName): string {
  const path = toolchain[name];
  if (path === undefined) throw new Error(`${name}: a lab of this depth has no such program`);
  return path;
}

/** Where programs come from and go to. */
export interface ToolchainOptions {
  /** Where they are kept; default: the cache of all labs. */
  readonly cache?: Cache;
  /** Folder of the Go module that pins them; default ./module. */
  readonly module?: string;
}

/**
 * Makes every program of a lab available: one of the user's own that is new enough, else one built from its pinned Go
 * module into the cache. What is built stays built, so a run that was cut short continues where it stopped.
 * @param log where lines about it go.
 * @param depth how deep the lab goes, which decides what it needs.
 * @throws Error naming the programs, their packages and what go said, when some cannot be built.
 */
export async function prepareToolchain(
  log: (line: string) => void,
  depth: Depth = "control-plane",
): Promise<Toolchain> {
  const tools = toolsOf(depth);
  const paths = await prepareTools(tools, log);
  log(`toolchain: ${tools.length} programs ready`);
  return paths as Toolchain;
}

/**
 * Makes some programs available; see {@link prepareToolchain}.
 * @returns their paths, by name.
 */
export async function prepareTools(
  tools: readonly Tool[],
  log: (line: string) => void,
  options: ToolchainOptions = {},
): Promise<Record<string, string>> {
  const found = await Promise.all(
    tools.map(async (tool) => [tool, await findInstalled(tool)] as const),
  );
  const paths: Record<string, string> = {};
  for (const [{ name }, installed] of found) {
    if (installed === undefined) continue;
    log(`${name}: using ${installed.path} (${installed.version})`);
    paths[name] = installed.path;
  }
  const absent = found.filter(([, installed]) => installed === undefined).map(([tool]) => tool);
  return { ...paths, ...(await builtTools(absent, log, options)) };
}

/**
 * Makes some programs available that are built here, whatever the user has.
 * @returns their paths, by name.
 */
export async function builtTools(
  tools: readonly Tool[],
  log: (line: string) => void,
  { cache = new Cache(), module = MODULE_FOLDER }: ToolchainOptions = {},
): Promise<Record<string, string>> {
  const programs = programsOf(tools, module);
  const folders = await cache.getAll(programs, async (missing) => {
    const pace = new Pace(cache.folder);
    const secondsPerPackage = await pace.read();
    log(announcement(missing.map(({ entry }) => entry.tool)));
    const progress = new Progress(secondsPerPackage, log);
    try {
      await buildPrograms(missing, (done) => progress.update(done), module);
    } catch (error) {
      progress.end("failed");
      throw error;
    }
    progress.end(`${count(missing.length, "program")} built`);
    if (progress.pace !== undefined) await pace.write(progress.pace);
  });
  return Object.fromEntries(
    programs.map(({ name }, index) => [name, join(folders[index] ?? "", name)]),
  );
}

/** Where the programs of the user's own may be, in words. */
const PLACES: Readonly<Record<Installed["where"], string>> = {
  KUBEBUILDER_ASSETS: "in the folder KUBEBUILDER_ASSETS",
  PATH: "on PATH",
  PULUMI_PLUGINS: "among Pulumi's plugins",
};

/** A sentence on what is going to be built, why, and how to do without. */
export function announcement(tools: readonly Tool[]): string {
  const names = tools.map(({ name, version }) => `${name} ${version}`).join(", ");
  const own = tools.flatMap(({ name, installed }) =>
    installed === undefined ? [] : [`${name} ${installed.range} ${PLACES[installed.where]}`],
  );
  const instead =
    own.length === 0 ? "" : `programs of your own are used instead (${own.join(", ")}), and `;
  return (
    `toolchain: building ${count(tools.length, "program")}, once, from pinned Go modules, ` +
    `since no package registry has them built: ${names}; ${instead}` +
    "an archive of another machine's saves it all: npm run lab -- toolchain import FILE"
  );
}
