import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { Cache, type Entry } from "./cache";
import { goModule, goVersion } from "./go";
import { CILIUM_MODULES, GATEWAY_API_MODULES, type PinnedModule, VERSIONS } from "./versions";

/** A folder out of a pinned Go module, which stands for what others fetch from the internet. */
interface Source extends Entry {
  readonly module: PinnedModule;
  /** Folder of the module that is wanted. */
  readonly path: string;
}

/** Charts of Cilium that the lab has. */
const CHARTS = CILIUM_MODULES.map((module) =>
  source("cilium-chart", module, "install/kubernetes/cilium"),
);

/** Releases of the Gateway API that the lab has. */
const GATEWAY_APIS = GATEWAY_API_MODULES.map((module) =>
  source("gateway-api", module, "config/crd"),
);

/** What Cilium's agent compiles for the kernel. */
const BPF = CILIUM_MODULES.filter(({ version }) => version === VERSIONS.cilium).map((module) =>
  source("cilium-bpf", module, "bpf"),
);

/** Everything that a lab takes out of Go modules, besides its programs. */
export const SOURCES: readonly Source[] = [...CHARTS, ...GATEWAY_APIS, ...BPF];

/**
 * Path of Cilium's chart, for `cilium.chart` in a stack's configuration.
 * @param version version of the chart, without v.
 * @throws Error when the lab has no such chart, or its module cannot be had.
 */
export async function chartPath(version: string): Promise<string> {
  return sourcePath(find(CHARTS, `v${version}`, "cilium.version"));
}

/**
 * Path of the Gateway API's CRDs, for `gatewayApi.source` in a stack's configuration.
 * @param version release, with v.
 * @throws Error when the lab has no such release, or its module cannot be had.
 */
export async function gatewayApiPath(
  version: string,
  channel: "standard" | "experimental",
): Promise<string> {
  return join(await sourcePath(find(GATEWAY_APIS, version, "gatewayApi.version")), channel);
}

/**
 * Path of the BPF sources of the Cilium that the lab runs.
 * @throws Error when its module cannot be had.
 */
export async function bpfPath(): Promise<string> {
  return sourcePath(find(BPF, VERSIONS.cilium, "cilium.version"));
}

/**
 * Path of a source's files, fetched first if need be.
 * @throws Error when its module cannot be had.
 */
export async function sourcePath(wanted: Source, cache = new Cache()): Promise<string> {
  const [folder = ""] = await cache.getAll([wanted], async (missing) => {
    for (const { entry, folder, keep } of missing) {
      console.log(`${entry.name}: fetching Go module ${entry.module.path}`);
      const files = join(await goModule(entry.module), entry.path);
      await mkdir(join(folder, "files"));
      // Go makes its own copy read-only, folders too; ours must be removable.
      await execa("cp", ["-R", `${files}/.`, join(folder, "files")]);
      await execa("chmod", ["-R", "u+w", folder]);
      await keep(await goVersion());
    }
  });
  return join(folder, "files");
}

function source(name: string, module: PinnedModule, path: string): Source {
  const key = [module.path, module.version, module.sum, path];
  return { name: `${name}-${module.version}`, key, module, path };
}

function find(sources: readonly Source[], version: string, key: string): Source {
  const found = sources.find(({ module }) => module.version === version);
  if (found === undefined) {
    const known = sources.map(({ module }) => module.version).join(", ");
    throw new Error(
      `${key}: the lab has no ${version} (${known}); take one of these, or add it to lab/toolchain/versions.ts`,
    );
  }
  return found;
}
