/** How a command that runs beside Pulumi reaches the cluster. */
export interface ClusterAccess {
  /** Path of the kubeconfig; what KUBECONFIG or ~/.kube/config says when not set. */
  readonly kubeconfig?: string | undefined;
  /** Context within it; its current one when not set. */
  readonly context?: string | undefined;
}

/**
 * Command line of a script in commands/steps/, for `@pulumi/command`. It needs Node alone, which every machine that runs this
 * program has; and it is relative to the project, so that it is the same text on every machine.
 */
export function toolCommand(script: string): string {
  return `node --require ts-node/register/transpile-only commands/steps/${script}.ts`;
}

/** Environment by which a script in commands/steps/ finds the cluster (kubernetes/client.ts reads it): no quoting, no secrets. */
export function accessEnvironment(access: ClusterAccess): Record<string, string> {
  return {
    ...(access.kubeconfig !== undefined && { KUBECONFIG: access.kubeconfig }),
    ...(access.context !== undefined && { KUBE_CONTEXT: access.context }),
  };
}
