import { join } from "node:path";
import type { Settings } from "../config";
import type { Lab } from "./lab";
import { PROJECT_FOLDER } from "./labFolder";
import { runInPlace } from "./lan/runInPlace";

/** Checks of the connectivity test that no lab can pass, and why. */
const NOT_HERE = [
  "connectivity-gateway-http=there is no Envoy in the lab, so nothing answers HTTP",
];

/**
 * How a lab's cluster is verified: by the command that verifies every cluster, at network depth from the client on the
 * LAN.
 * @param settings what is asked for.
 * @param notHere checks that are not made, each as CHECK=WHY.
 * @returns a command line, to which options may be added, and what it needs in its environment.
 */
export function verification(
  { folder, runningDepth }: Lab,
  settings: Settings,
  notHere: readonly string[] = NOT_HERE,
): { command: string[]; env: Record<string, string> } {
  const onLan = runningDepth === "network";
  return {
    command: [
      ...(onLan ? runInPlace(folder, "client") : []),
      ...[process.execPath, "--require", require.resolve("ts-node/register/transpile-only")],
      ...[join(PROJECT_FOLDER, "commands", "verify.ts"), "--stack", "lab"],
      ...notHere.flatMap((check) => ["--not-here", check]),
      ...["--kubeconfig", folder.kubeconfig, "--context", onLan ? "lan" : "lab"],
    ],
    env: {
      SETTINGS: JSON.stringify(settings),
      TS_NODE_PROJECT: join(PROJECT_FOLDER, "tsconfig.json"),
    },
  };
}
