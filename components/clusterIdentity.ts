import * as pulumi from "@pulumi/pulumi";

/** Arguments of {@link ClusterIdentity}. */
export interface ClusterIdentityArgs {
  /** UID of the namespace kube-system; undefined in a preview without a cluster. */
  readonly uid: string | undefined;
  /** Whether the update found a cluster that was made anew. */
  readonly madeAnew: boolean;
  /** Whether the engine forgets the Release and the CRDs when it replaces them, rather than delete them. */
  readonly retained: boolean;
  /** The pods' CIDRs: a later update that changes them is refused. */
  readonly podCidrs: readonly string[];
}

/**
 * Keeps in the state which cluster an update began with, even if the update fails; the next one reads it
 * (preflight/lastState.ts).
 */
export class ClusterIdentity extends pulumi.ComponentResource {
  constructor(name: string, args: ClusterIdentityArgs, opts?: pulumi.ComponentResourceOptions) {
    super("talos-cilium:index:ClusterIdentity", name, {}, opts);
    this.registerOutputs({ ...args });
  }
}
