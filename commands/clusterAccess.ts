import { chmodSync } from "node:fs";
import { execa } from "execa";
import { readStackSettings } from "../config";
import { demandOptions, newCommand, runCommand, stackOption } from "./commandLine";

interface AccessOptions {
  readonly stack: string;
  readonly kubeconfig: string;
  readonly ttl: string;
}

/** User in the cluster's audit log. */
const USER = "talos-cilium-ci";

const command = newCommand(
  "npm run -s cluster-access --",
  "Writes a kubeconfig that is valid for a short time, with the context that the stack file names. It runs omnictl, which reads " +
    "OMNI_ENDPOINT and OMNI_SERVICE_ACCOUNT_KEY. OMNI_CLUSTER is the cluster's name in Omni (default: cluster.name), OMNI_GROUPS " +
    "are the user's groups in the cluster (default: Omni's own, system:masters, which may do everything).",
)
  .addOption(stackOption())
  .option("--kubeconfig <path>", "the file that is written")
  .option("--ttl <duration>", "how long it is valid, as Go writes it", "1h")
  .action(writeKubeconfig);

async function writeKubeconfig({ stack, kubeconfig, ttl }: AccessOptions): Promise<void> {
  const { name, context } = readStackSettings(stack).cluster;
  const { OMNI_CLUSTER, OMNI_GROUPS } = process.env;
  const args = [
    "kubeconfig",
    kubeconfig,
    "--service-account",
    "--merge=false",
    "--force",
    `--cluster=${OMNI_CLUSTER || name}`,
    `--user=${USER}`,
    `--ttl=${ttl}`,
    ...(OMNI_GROUPS ? [`--groups=${OMNI_GROUPS}`] : []),
    ...(context === undefined ? [] : [`--force-context-name=${context}`]),
  ];
  // What omnictl prints goes to the job's log; the kubeconfig is in the file alone.
  await execa("omnictl", args, { stdout: "inherit", stderr: "inherit" });
  chmodSync(kubeconfig, 0o600);
}

demandOptions(command, "--stack <name>", "--kubeconfig <path>");
runCommand(command);
