import type { Settings } from "../config";

/** Where steps find the cluster's address and credentials. */
export type ClusterLocation = Pick<Settings["cluster"], "kubeconfig" | "context">;

/**
 * A step: a script in commands/steps/ that a component runs. Names are identity: a stack's state holds the command line
 * of its delete steps, and a destroy runs it without running the program. So a step that was released is never renamed
 * or moved; tools/ has what an older state still names.
 */
export type StepName =
  | "guardDestroy"
  | "removeCrds"
  | "waitForCiliumCrds"
  | "removeCiliumLeftovers"
  | "verifyUpdate";

/**
 * Command line of a step, for `@pulumi/command`. It needs Node alone, which every machine that runs this program has,
 * and it is relative to the project, so that the state has the same text on every machine.
 */
export function stepCommand(step: StepName): string {
  return `node --require ts-node/register/transpile-only commands/steps/${step}.ts`;
}

/** Environment by which a step finds the cluster: no quoting, no secrets. */
export function locationEnvironment(location: ClusterLocation): Record<string, string> {
  return {
    ...(location.kubeconfig !== undefined && { KUBECONFIG: location.kubeconfig }),
    ...(location.context !== undefined && { KUBE_CONTEXT: location.context }),
  };
}
