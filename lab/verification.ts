import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Settings } from "../config";
import type { Lab } from "./lab";
import { PROJECT_FOLDER } from "./labFolder";
import { runInPlace } from "./lan/runInPlace";

/** Checks of the connectivity test that no lab can pass, as CHECK=REASON. */
const SKIPPED = ["connectivity-gateway-http=there is no Envoy in the lab, so nothing answers HTTP"];

/**
 * Verifies a lab's cluster with the command that verifies every cluster, at network depth from the client on the LAN.
 * @param settings what the cluster is compared with; written to a file in the lab's folder.
 * @param skipped checks that are left out, each as CHECK=REASON.
 * @returns a command line, to which options may be added, and its environment.
 */
export function verification(
  { folder, runningDepth }: Lab,
  settings: Settings,
  skipped: readonly string[] = SKIPPED,
): { command: string[]; env: Record<string, string> } {
  const onLan = runningDepth === "network";
  const settingsFile = folder.join("verification.json");
  writeFileSync(settingsFile, JSON.stringify(settings));
  return {
    command: [
      ...(onLan ? runInPlace(folder, "client") : []),
      ...[process.execPath, "--require", require.resolve("ts-node/register/transpile-only")],
      ...[join(PROJECT_FOLDER, "commands", "verify.ts"), "--settings", settingsFile],
      ...["--kubeconfig", folder.kubeconfig, "--context", onLan ? "lan" : "lab"],
      ...skipped.flatMap((check) => ["--skip", check]),
    ],
    env: { TS_NODE_PROJECT: join(PROJECT_FOLDER, "tsconfig.json") },
  };
}
