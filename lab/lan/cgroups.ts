import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { LabFolder } from "../labFolder";
import { run } from "../process/run";

/** Folder of a lab's cgroups, below the root of cgroup v2. */
export function labCgroup(labFolder: LabFolder): string {
  const digest = createHash("sha256").update(labFolder.path).digest("hex");
  return join("talos-cilium-lab", digest.slice(0, 12));
}

/** Removes the cgroups of a lab whose processes have ended; that of the last lab with the folder of all labs. */
export async function removeCgroups(labFolder: LabFolder): Promise<void> {
  const mountPoint = labFolder.join("machines", "cgroup");
  mkdirSync(mountPoint, { recursive: true });
  const script = `
    mount -t cgroup2 none "$0"
    if [ -d "$0/$1" ]; then find "$0/$1" -depth -type d -exec rmdir {} +; fi
    labs=$(dirname "$0/$1")
    if [ -d "$labs" ]; then rmdir --ignore-fail-on-non-empty "$labs"; fi`;
  await run(["unshare", "--mount", "sh", "-euc", script, mountPoint, labCgroup(labFolder)]);
}
