import { cp, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { applyPatch, parsePatch } from "diff";
import { execa } from "execa";

/** Changes to a module before it is built. */
export interface Patch {
  /** The module's path. */
  readonly module: string;
  /** Unified diff in module/patches, which says on top what it is for. */
  readonly file: string;
  /** Files that the module's release makes, and what of the module is as good: new file -> existing one. */
  readonly copies?: Readonly<Record<string, string>>;
}

/** Path of the Kubernetes provider's module. */
export const KUBERNETES_PROVIDER = "github.com/pulumi/pulumi-kubernetes/provider/v4";

/** Folder of the Kubernetes provider's main package in its module. */
export const KUBERNETES_PROVIDER_MAIN = "cmd/pulumi-resource-kubernetes";

/** Modules that are changed before they are built, all to leave out what the lab never runs and costs most. */
export const PATCHES = {
  "flux-ssa": { module: "github.com/fluxcd/pkg/ssa", file: "flux-ssa.patch" },
  pulumi: { module: "github.com/pulumi/pulumi/pkg/v3", file: "pulumi.patch" },
  "pulumi-kubernetes": {
    module: KUBERNETES_PROVIDER,
    file: "pulumi-kubernetes.patch",
    copies: {
      [`${KUBERNETES_PROVIDER_MAIN}/schema-embed.json`]: `${KUBERNETES_PROVIDER_MAIN}/schema.json`,
      [`${KUBERNETES_PROVIDER_MAIN}/terraform-mapping-embed.json`]: `${KUBERNETES_PROVIDER_MAIN}/terraform-mapping.json`,
    },
  },
} as const satisfies Record<string, Patch>;

/** Name of a patch. */
export type PatchName = keyof typeof PATCHES;

/**
 * Copies a module and changes the copy.
 * @param patches folder of the patches.
 * @throws Error when a file is not what the patch expects.
 */
export async function copyPatched(
  patch: Patch,
  patches: string,
  source: string,
  copy: string,
): Promise<void> {
  await cp(source, copy, {
    recursive: true,
    filter: (path) => basename(path) !== "testdata" && !path.endsWith("_test.go"),
  });
  // Go makes its own copy read-only, folders too.
  await execa("chmod", ["-R", "u+w", copy]);
  for (const [file, existing] of Object.entries(patch.copies ?? {})) {
    await cp(join(copy, existing), join(copy, file));
  }
  for (const change of parsePatch(await readFile(join(patches, patch.file), "utf8"))) {
    const name = (change.oldFileName ?? "").replace(/^a\//, "");
    const patched = applyPatch(await readFile(join(copy, name), "utf8"), change);
    if (patched === false) {
      throw new Error(
        `${patch.file}: ${name} of Go module ${patch.module} is not what it expects; ` +
          "make the patch anew for the module's version",
      );
    }
    await writeFile(join(copy, name), patched);
  }
}
