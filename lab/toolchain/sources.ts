import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { Cache } from "./cache";
import { goModule } from "./go";
import { CILIUM_VERSION } from "./tools";

/** Something that the stack installs, out of a pinned Go module instead of the internet. */
interface Source {
  readonly name: string;
  readonly module: string;
  readonly version: string;
  /** The module's hash, as go.sum has it. */
  readonly sum: string;
  /** Folder of the module that is wanted. */
  readonly folder: string;
}

const CILIUM = {
  name: "cilium-chart",
  module: "github.com/cilium/cilium",
  folder: "install/kubernetes/cilium",
};
const GATEWAY_API = {
  name: "gateway-api",
  module: "sigs.k8s.io/gateway-api",
  folder: "config/crd",
};

/** The module of the Cilium that the lab runs: path, version, hash. */
export const CILIUM_MODULE = [
  CILIUM.module,
  CILIUM_VERSION,
  "h1:dqiEGIcXc+gqCLYG/l7VCFJ8GHyb4HUrwbZOpkX5dL8=",
] as const;

/** Charts of Cilium that the lab has: of the version that it runs, and of the one that prod pins. */
const CHARTS: readonly Source[] = [
  { ...CILIUM, version: CILIUM_MODULE[1], sum: CILIUM_MODULE[2] },
  { ...CILIUM, version: "v1.18.4", sum: "h1:/HrbeMmk46UDkJs4uJemIqxB7wuZ+QRMNVscNYua5C8=" },
];

/** Releases of the Gateway API that the lab has, each to go with a version of Cilium. */
const GATEWAY_APIS: readonly Source[] = [
  { ...GATEWAY_API, version: "v1.6.1", sum: "h1:mock6phZbI6rvZerwrVNk7hVNymQgHo+6sJ81Ia7ftY=" },
  { ...GATEWAY_API, version: "v1.4.1", sum: "h1:NPxFutNkKNa8UfLd2CMlEuhIPMQgDQ6DXNKG9sHbJU8=" },
  { ...GATEWAY_API, version: "v1.3.0", sum: "h1:q6okN+/UKDATola4JY7zXzx40WO4VISk7i9DIfOvr9M=" },
];

/**
 * Path of Cilium's chart, for `cilium.chart` in a stack's configuration.
 * @param version version of the chart, without v.
 * @throws Error when the lab has no such chart, or its module cannot be had.
 */
export async function chartPath(version: string): Promise<string> {
  return fetched(find(CHARTS, `v${version}`, "cilium.version"));
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
  return join(await fetched(find(GATEWAY_APIS, version, "gatewayApi.version")), channel);
}

function find(sources: readonly Source[], version: string, key: string): Source {
  const source = sources.find((candidate) => candidate.version === version);
  if (source === undefined) {
    throw new Error(
      `${key}: the lab has no ${version} (${sources.map((known) => known.version).join(", ")}); ` +
        "take one of these, or add it to lab/toolchain/sources.ts",
    );
  }
  return source;
}

async function fetched({ name, module, version, sum, folder }: Source): Promise<string> {
  const made = await new Cache().get(
    {
      name: `${name}-${version}`,
      key: [module, version, sum, folder],
      make: async (target) => {
        const source = await goModule(module, version, sum);
        await mkdir(join(target, "files"));
        // Go makes its own copy read-only, folders too; ours must be removable.
        await execa("cp", ["-R", `${join(source, folder)}/.`, join(target, "files")]);
        await execa("chmod", ["-R", "u+w", target]);
      },
    },
    () => console.log(`${name} ${version}: fetching Go module ${module}`),
  );
  return join(made.folder, "files");
}
