import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { State } from "../labFolder";
import { run } from "../process/namespace";

/** Folder of a lab's cgroups, below the root of cgroup v2. */
export function labCgroup(state: State): string {
  const digest = createHash("sha256").update(state.folder).digest("hex");
  return join("talos-cilium-lab", digest.slice(0, 12));
}

/** Removes the cgroups of a lab whose processes have ended, and the folder of all labs' when it is the last one. */
export async function removeCgroups(state: State): Promise<void> {
  const scratch = state.path("machines", "cgroup");
  mkdirSync(scratch, { recursive: true });
  const script = `
    mount -t cgroup2 none "$0"
    if [ -d "$0/$1" ]; then find "$0/$1" -depth -type d -exec rmdir {} +; fi
    labs=$(dirname "$0/$1")
    if [ -d "$labs" ]; then rmdir --ignore-fail-on-non-empty "$labs"; fi`;
  await run(["unshare", "--mount", "sh", "-euc", script, scratch, labCgroup(state)]);
}
