import { existsSync } from "node:fs";
import { cp, mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { digestOf, type Entry, fileDigests, type Missing, PLATFORM } from "./cache";
import { go, goVersion, isPackage, requiredModule } from "./go";
import { type BuildProgress, PackageGraph } from "./packageGraph";
import { copyPatched, PATCHES, type Patch } from "./patches";
import { OURS, TOOLS, type Tool } from "./tools";

/** Folder of the Go module that pins all others; the programs that no module has lie in it, too. */
export const MODULE_FOLDER = join(__dirname, "module");

/**
 * Flags of every build. All programs have the same, so that a package which several need is compiled once: also the
 * tag, which only Cilium's operator knows. Nobody debugs them, and debug information costs a twentieth of the time.
 */
const FLAGS = ["-trimpath", "-gcflags=all=-dwarf=false", "-tags=ipam_provider_operator"];

/** A program as an entry of the cache. */
export interface Program extends Entry {
  readonly tool: Tool;
}

/** Called whenever a build gets on. */
export type OnProgress = (progress: BuildProgress) => void;

/** Programs as entries of the cache. Their keys need no Go, so that they are found where there is none. */
export function programsOf(tools: readonly Tool[], module = MODULE_FOLDER): Program[] {
  const files = fileDigests(module);
  return tools.map((tool) => {
    const patches = (tool.patches ?? []).map((name): Patch => PATCHES[name]);
    const relevant = Object.entries(files).filter(([path]) => {
      const [folder = "", file] = path.split("/");
      if (folder === "patches") return patches.some((patch) => patch.file === file);
      const program = `${OURS}/${folder}`;
      return program === tool.package || !TOOLS.some((other) => other.package === program);
    });
    const key = [
      tool.package,
      PLATFORM,
      digestOf(Object.fromEntries(relevant)),
      JSON.stringify(patches),
      ...FLAGS,
      linkerFlags([tool]),
    ];
    return { name: tool.name, key, tool };
  });
}

/**
 * Builds programs, all at once: while one is linked, which keeps one processor busy, others are compiled. A program that
 * is complete is kept, even if another one fails; and Go keeps what it has compiled, so that the next build goes on
 * from there.
 * @throws Error naming the programs that could not be built, and what go said.
 */
export async function buildPrograms(
  missing: readonly Missing<Program>[],
  onProgress: OnProgress,
  module = MODULE_FOLDER,
): Promise<void> {
  const maker = await goVersion();
  // Beside the entries, so that a program is moved and not copied. Nobody else builds the first entry now.
  const scratch = `${missing[0]?.folder}.build`;
  await rm(scratch, { recursive: true, force: true });
  await mkdir(scratch);
  try {
    const tools = missing.map(({ entry }) => entry.tool);
    let failure: Error | undefined;
    try {
      await build(tools, module, scratch, onProgress);
    } catch (error) {
      failure = error as Error;
    }
    const failed: Tool[] = [];
    for (const { entry, folder, keep } of missing) {
      const program = join(scratch, "programs", executable(entry.tool.package));
      if (existsSync(program)) {
        await rename(program, join(folder, entry.name));
        await keep(maker);
      } else failed.push(entry.tool);
    }
    if (failure !== undefined) {
      const names = failed.map(
        (tool) => `${tool.name} ${tool.version} (Go package ${tool.package})`,
      );
      throw new Error(
        `${names.join(", ")} could not be built (pinned in ${module}); ` +
          `run the command again to continue from here.\n${failure.message}`,
      );
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function build(
  tools: readonly Tool[],
  module: string,
  scratch: string,
  onProgress: OnProgress,
): Promise<void> {
  const flags = [`-modfile=${await patchedModfile(tools, module, scratch)}`, ...FLAGS];
  const packages = [...new Set(tools.map((tool) => tool.package))];
  const list = ["list", ...flags, "-deps", "-f", '{{.ImportPath}} {{join .Imports " "}}'];
  const graph = new PackageGraph(await go([...list, ...packages], module));
  onProgress(graph.progress);
  await go(
    [
      ...["build", "-v", ...flags, `-ldflags=${linkerFlags(tools)}`],
      ...["-o", join(scratch, "programs/"), ...packages],
    ],
    module,
    (line) => {
      if (!isPackage(line)) return;
      graph.compiling(line);
      onProgress(graph.progress);
    },
  );
}

/**
 * A go.mod that has patched copies in the place of the modules that the tools want patched. The copies are made of
 * what go.sum vouches for.
 */
async function patchedModfile(
  tools: readonly Tool[],
  module: string,
  scratch: string,
): Promise<string> {
  const modfile = join(scratch, "go.mod");
  await cp(join(module, "go.mod"), modfile);
  if (existsSync(join(module, "go.sum"))) await cp(join(module, "go.sum"), join(scratch, "go.sum"));
  const names = [...new Set(tools.flatMap((tool) => tool.patches ?? []))];
  for (const name of names) {
    const copy = join(scratch, name);
    const source = await requiredModule(PATCHES[name].module, module);
    await copyPatched(PATCHES[name], join(module, "patches"), source, copy);
    await go(["mod", "edit", `-replace=${PATCHES[name].module}=${copy}`, modfile], module);
  }
  return modfile;
}

/**
 * Flags for the linker: no symbol table, which halves the size, and the variables of all tools, so that a program is
 * the same whichever others are built with it.
 */
function linkerFlags(tools: readonly Tool[]): string {
  const all: readonly Tool[] = [...TOOLS, ...tools];
  const variables = new Map(all.flatMap((tool) => Object.entries(tool.variables ?? {})));
  return ["-s -w", ...[...variables].map(([name, value]) => `-X '${name}=${value}'`)].join(" ");
}

/** Name that Go gives the program of a package: the last part of its path that is no major version. */
function executable(path: string): string {
  return path.replace(/\/v\d+$/, "").replace(/.*\//, "");
}
