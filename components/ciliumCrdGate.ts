import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { type ClusterLocation, locationEnvironment, stepCommand } from "./stepCommand";

export interface CiliumCrdGateArgs {
  /** Version of Cilium; with a new one the gate waits again, since its operator registers its CRDs anew. */
  readonly version: string;
  /** UID of the cluster; in another one the gate waits again. */
  readonly clusterUid: string | undefined;
  /** Names of the CRDs to wait for; with another list the gate waits again. */
  readonly crds: readonly string[];
  /** Seconds to wait, default 300. */
  readonly timeout?: number;
  readonly location: ClusterLocation;
}

/**
 * Waits until Cilium's operator has registered the CRDs of pools and policies. No chart has them: the operator makes
 * them at run time, some time after Helm has finished (https://github.com/pulumi/pulumi-kubernetes/issues/1446).
 */
export class CiliumCrdGate extends pulumi.ComponentResource {
  constructor(name: string, args: CiliumCrdGateArgs, opts?: pulumi.ComponentResourceOptions) {
    super("talos-cilium:index:CiliumCrdGate", name, {}, opts);
    new local.Command(
      `${name}-wait`,
      {
        create: stepCommand("waitForCiliumCrds"),
        environment: {
          ...locationEnvironment(args.location),
          TALOS_CILIUM_CRDS: args.crds.join(" "),
          TALOS_CILIUM_TIMEOUT_SECONDS: String(args.timeout ?? 300),
        },
        triggers: [args.clusterUid ?? "", args.version, ...args.crds],
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
