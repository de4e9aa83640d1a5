import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config";
import { accessEnvironment, type ClusterAccess, toolCommand } from "./clusterCommand";

/** Arguments of {@link Verification}. */
export interface VerificationArgs {
  /** What was asked for. */
  readonly settings: Settings;
  /** What is verified; when one of these changes, it is verified again. */
  readonly of: readonly pulumi.Input<unknown>[];
  /** UID of the cluster; another one is verified again. */
  readonly clusterUid: string | undefined;
  /** How the command reaches the cluster. */
  readonly access: ClusterAccess;
}

/**
 * Proves, after everything else, that what runs is what was asked for; if not, the update fails with the name of the
 * check, what was seen, what was expected, and what to do (verify/).
 */
export class Verification extends pulumi.ComponentResource {
  /** How many checks passed, what failed where that only warns, and what could not be checked. */
  public readonly report: pulumi.Output<string>;

  constructor(name: string, args: VerificationArgs, opts?: pulumi.ComponentResourceOptions) {
    super("talos-cilium:index:Verification", name, {}, opts);
    const { mode } = args.settings.verification;
    this.report =
      mode === "off"
        ? pulumi.output("not verified (verification.mode: off)")
        : this.verify(name, args).stdout.apply((report) => {
            // A strict one that fails never gets here.
            if (mode === "warn" && !/^\d+ passed, 0 failed/m.test(report)) {
              void pulumi.log.warn(`the network is not what was asked for:\n${report}`, this);
            }
            return report;
          });
    this.registerOutputs({ report: this.report });
  }

  private verify(name: string, { settings, of, clusterUid, access }: VerificationArgs): local.Command {
    // How the cluster is reached differs from machine to machine, and is no reason to verify anew.
    const cluster = { ...settings.cluster, kubeconfig: undefined, context: undefined };
    return new local.Command(
      `${name}-checks`,
      {
        create: toolCommand("verifyUpdate"),
        environment: {
          ...accessEnvironment(access),
          SETTINGS: JSON.stringify({ ...settings, cluster }),
        },
        triggers: [clusterUid ?? "", ...of],
      },
      { parent: this },
    );
  }
}
