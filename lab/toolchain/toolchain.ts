import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Depth } from "../depth";
import { Cache, type Entry, folderDigest } from "./cache";
import { go, goIdentity } from "./go";
import { findInstalled } from "./installed";
import { Progress } from "./progress";
import { MODULES_FOLDER, NETWORK_TOOLS, TOOLS, type Tool, type ToolName } from "./tools";

/** Path of every program of a lab; those of the network depth are there at that depth alone. */
export type Toolchain = Readonly<Record<(typeof TOOLS)[number]["name"], string>> &
  Readonly<Partial<Record<ToolName, string>>>;

/**
 * Makes every program of the lab available: one of the user's own that is new enough, else one built from its pinned
 * Go module into the cache. What is built stays built, so a run that was cut short continues where it stopped.
 * @param log where the line about each program goes.
 * @param depth how deep the lab goes, which decides what it needs.
 * @throws Error naming the program, its module and what go said, when one cannot be built.
 */
export async function prepareToolchain(
  log: (line: string) => void,
  depth: Depth = "control-plane",
): Promise<Toolchain> {
  const paths: Partial<Record<ToolName, string>> = {};
  const tools = depth === "network" ? [...TOOLS, ...NETWORK_TOOLS] : TOOLS;
  for (const [index, tool] of tools.entries()) {
    paths[tool.name] = await prepareTool(tool, `[${index + 1}/${tools.length}]`, log);
  }
  log(`toolchain: ${tools.length} programs ready`);
  return paths as Toolchain;
}

/**
 * Makes one program available; see {@link prepareToolchain}.
 * @param position where it stands among all, for the progress: [2/9].
 * @param cache where it is kept.
 * @returns its path.
 */
export async function prepareTool(
  tool: Tool,
  position: string,
  log: (line: string) => void,
  cache = new Cache(),
): Promise<string> {
  const what = `${position} ${tool.name} ${tool.version}`;
  const installed = await findInstalled(tool);
  if (installed !== undefined) {
    log(`${what}: using ${installed.path} (${installed.version})`);
    return installed.path;
  }
  let progress: Progress | undefined;
  try {
    const made = await cache.get(await toolEntry(tool), (lastSeconds) => {
      progress = new Progress(what, lastSeconds, log);
    });
    if (made.cached) log(`${what}: in the cache (built in ${made.seconds} s)`);
    else progress?.end(`built in ${made.seconds} s`);
    return join(made.folder, tool.name);
  } catch (error) {
    progress?.end("failed");
    throw new Error(
      `${tool.name} ${tool.version} could not be built from Go module ${tool.package} ` +
        `(pinned in ${resolve(MODULES_FOLDER, tool.module)}); run the command again to continue from here.\n` +
        `${error instanceof Error ? error.message : error}`,
    );
  }
}

async function toolEntry(tool: Tool): Promise<Entry> {
  const module = resolve(MODULES_FOLDER, tool.module);
  const flags = [
    "-trimpath",
    "-ldflags",
    linkerFlags(tool),
    ...(tool.tags ? ["-tags", tool.tags] : []),
  ];
  return {
    name: tool.name,
    key: [
      tool.package,
      await goIdentity(),
      folderDigest(module),
      ...flags,
      JSON.stringify(tool.overlay ?? {}),
    ],
    make: async (folder) => {
      const scratch = await mkdtemp(join(tmpdir(), "talos-cilium-build-"));
      try {
        const overlay = await overlayFlags(tool, module, scratch);
        await go(
          ["build", ...flags, ...overlay, "-o", join(folder, tool.name), tool.package],
          module,
        );
      } finally {
        await rm(scratch, { recursive: true, force: true });
      }
    },
  };
}

/** Flags for the linker: no symbol table, which halves the size, and the variables of the tool. */
function linkerFlags(tool: Tool): string {
  const variables = Object.entries(tool.variables ?? {}).map(([name, value]) =>
    value.includes(" ") ? `-X '${name}=${value}'` : `-X ${name}=${value}`,
  );
  return ["-s -w", ...variables].join(" ");
}

async function overlayFlags(tool: Tool, module: string, scratch: string): Promise<string[]> {
  if (tool.overlay === undefined) return [];
  const replace: Record<string, string> = {};
  for (const [file, [source, path]] of Object.entries(tool.overlay)) {
    await go(["mod", "download", source], module);
    const folder = await go(["list", "-m", "-f", "{{.Dir}}", source], module);
    replace[join(module, file)] = join(folder.trim(), path);
  }
  const overlay = join(scratch, "overlay.json");
  await writeFile(overlay, JSON.stringify({ Replace: replace }));
  return ["-overlay", overlay];
}
