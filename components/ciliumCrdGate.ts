import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { accessEnvironment, type ClusterAccess, toolCommand } from "./clusterCommand";

/** Arguments of {@link CiliumCrdGate}. */
export interface CiliumCrdGateArgs {
  /** Version of Cilium; a new one makes the gate wait again, since its operator registers anew. */
  readonly version: string;
  /** UID of the cluster; another one makes the gate wait again. */
  readonly clusterUid: string | undefined;
  /** Names of the definitions to wait for; another list makes the gate wait again. */
  readonly crds: readonly string[];
  /** Seconds to wait, default 300. */
  readonly timeout?: number;
  /** How the command reaches the cluster. */
  readonly access: ClusterAccess;
}

/**
 * Waits until Cilium's operator has registered the definitions of the pool and the policy. They are in no chart: the
 * operator makes them at run time, some time after Helm says that it is done
 * (https://github.com/pulumi/pulumi-kubernetes/issues/1446).
 */
export class CiliumCrdGate extends pulumi.ComponentResource {
  /** What the command saw: each definition, and when it was Established. */
  public readonly report: pulumi.Output<string>;

  constructor(name: string, args: CiliumCrdGateArgs, opts?: pulumi.ComponentResourceOptions) {
    super("talos-cilium:index:CiliumCrdGate", name, {}, opts);

    const wait = new local.Command(
      `${name}-wait`,
      {
        create: toolCommand("waitForCiliumCrds"),
        environment: {
          ...accessEnvironment(args.access),
          CRDS: args.crds.join(" "),
          TIMEOUT_SECONDS: String(args.timeout ?? 300),
        },
        triggers: [args.clusterUid ?? "", args.version, ...args.crds],
      },
      { parent: this },
    );

    this.report = wait.stdout;
    this.registerOutputs({ report: this.report });
  }
}
