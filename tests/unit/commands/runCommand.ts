import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";

export const PROJECT = join(__dirname, "../../..");

/**
 * Runs a script of the project with Node, as the scripts of package.json do.
 * @param script path within the project.
 */
export function runCommand(script: string, ...args: readonly string[]) {
  return execa(process.execPath, ["--require", "ts-node/register", script, ...args], {
    cwd: PROJECT,
    // No lab of the developer's.
    env: { TALOS_CILIUM_LAB: join(tmpdir(), "talos-cilium-no-lab") },
    reject: false,
  });
}
