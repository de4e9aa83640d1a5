import { readStackConfig, settingsOf, stackNames } from "../config";
import { newCommand, runCommand } from "./commandLine";

/** Names that GitHub takes for an environment, and that need no quotes anywhere. */
const PLAIN_NAME = /^[\w.-]+$/;

const command = newCommand(
  "npm run -s environments --",
  "Prints the stacks that are environments, as a JSON list for a workflow's matrix: those whose stack file names the cluster's context.",
).action(() => console.log(JSON.stringify(environments())));

/** Without a context a preview would go to whatever cluster the runner's kubeconfig is about. */
function environments(): string[] {
  const names = stackNames().filter(
    (stack) => settingsOf(readStackConfig(stack)).cluster.context !== undefined,
  );
  for (const name of names) {
    if (!PLAIN_NAME.test(name)) {
      throw new Error(
        `Pulumi.${name}.yaml: not a name for an environment (${name}); use letters, digits, dots, hyphens and underscores`,
      );
    }
  }
  return names;
}

runCommand(command);
