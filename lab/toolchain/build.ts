import { existsSync } from "node:fs";
import { cp, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { applyPatch, parsePatch } from "diff";
import { execa } from "execa";
import { digestOf, type Entry, fileDigests, type Missing, PLATFORM } from "./cache";
import { go, goVersion, isPackage, requiredModule } from "./go";
import { OURS, PATCHES, type Patch, TOOLS, type Tool } from "./tools";

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

/** How far a build is. */
export interface BuildProgress {
  /** Packages that all the programs together are made of. */
  readonly packages: number;
  /** How many of these need no more work. */
  readonly done: number;
  /** How many were compiled so far; Go may have compiled others earlier. */
  readonly compiled: number;
}

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
      const names = failed.map((tool) => `${tool.name} ${tool.version} (Go package ${tool.package})`);
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
  const listed = await go(["list", ...flags, "-deps", ...packages], module);
  // In the order in which Go builds them, nearly.
  const order = new Map(listed.split("\n").map((name, index) => [name, index + 1]));
  let done = 0;
  let compiled = 0;
  onProgress({ packages: order.size, done, compiled });
  await go(
    [
      ...["build", "-v", ...flags, `-ldflags=${linkerFlags(tools)}`],
      ...["-o", join(scratch, "programs/"), ...packages],
    ],
    module,
    (line) => {
      if (!isPackage(line)) return;
      done = Math.max(done, order.get(line) ?? 0);
      onProgress({ packages: order.size, done, compiled: ++compiled });
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
    await copyPatched(PATCHES[name], await requiredModule(PATCHES[name].module, module), copy);
    await go(["mod", "edit", `-replace=${PATCHES[name].module}=${copy}`, modfile], module);
  }
  return modfile;
}

/**
 * Copies a module and changes the copy.
 * @throws Error when a file is not what the patch expects.
 */
async function copyPatched(patch: Patch, source: string, copy: string): Promise<void> {
  await cp(source, copy, {
    recursive: true,
    filter: (path) => basename(path) !== "testdata" && !path.endsWith("_test.go"),
  });
  await execa("chmod", ["-R", "u+w", copy]);
  for (const [file, existing] of Object.entries(patch.copies ?? {})) {
    await cp(join(copy, existing), join(copy, file));
  }
  const text = await readFile(join(MODULE_FOLDER, "patches", patch.file), "utf8");
  for (const change of parsePatch(text)) {
    const file = join(copy, (change.oldFileName ?? "").replace(/^a\//, ""));
    const patched = applyPatch(await readFile(file, "utf8"), change);
    if (patched === false) {
      throw new Error(
        `${patch.file}: ${change.oldFileName} of Go module ${patch.module} is not what it expects; ` +
          "make the patch anew for the module's version",
      );
    }
    await writeFile(file, patched);
  }
}

/** Flags for the linker: no symbol table, which halves the size, and the variables of the tools. */
function linkerFlags(tools: readonly Tool[]): string {
  const variables = new Map(tools.flatMap((tool) => Object.entries(tool.variables ?? {})));
  return ["-s -w", ...[...variables].map(([name, value]) => `-X '${name}=${value}'`)].join(" ");
}

/** Name that Go gives the program of a package: the last part of its path that is no major version. */
function executable(path: string): string {
  return path.replace(/\/v\d+$/, "").replace(/.*\//, "");
}
