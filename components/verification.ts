import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import type { Settings } from "../config";
import { type ClusterLocation, locationEnvironment, stepCommand } from "./stepCommand";

export interface VerificationArgs {
  /** What the cluster is compared with. */
  readonly settings: Settings;
  /** When one of these changes, the cluster is verified again. */
  readonly triggers: readonly pulumi.Input<unknown>[];
  readonly location: ClusterLocation;
}

/** What the step verifyUpdate prints, as one line of JSON. */
const stepReport = z.object({
  passed: z.boolean(),
  /** How many checks have which outcome, in one line. */
  summary: z.string(),
  /** A sentence for each finding, and for each check whose outcome is unknown. */
  details: z.array(z.string()),
});

export type VerificationStepReport = z.output<typeof stepReport>;

/**
 * Compares, after everything else, what runs with the settings. When a check fails, so does the update, with the name
 * of the check, what was seen, what was expected, and what to do (verify/); with mode `warn` it logs that instead.
 */
export class Verification extends pulumi.ComponentResource {
  /** A line for each finding and each unknown outcome, then how many checks have which outcome. */
  public readonly report: pulumi.Output<string>;

  constructor(name: string, args: VerificationArgs, opts?: pulumi.ComponentResourceOptions) {
    super("talos-cilium:index:Verification", name, {}, opts);
    this.report =
      args.settings.verification.mode === "off"
        ? pulumi.output("not verified (verification.mode: off)")
        : this.verify(name, args).stdout.apply((stdout) => this.readReport(stdout));
    this.registerOutputs({ report: this.report });
  }

  private verify(name: string, { settings, triggers, location }: VerificationArgs): local.Command {
    // The way to the cluster differs from machine to machine, and is no reason to verify again.
    const cluster = { ...settings.cluster, kubeconfig: undefined, context: undefined };
    return new local.Command(
      `${name}-checks`,
      {
        create: stepCommand("verifyUpdate"),
        environment: {
          ...locationEnvironment(location),
          TALOS_CILIUM_SETTINGS: JSON.stringify({ ...settings, cluster }),
        },
        triggers: [...triggers],
      },
      { parent: this },
    );
  }

  private readReport(stdout: string): string {
    // Where nothing has run yet, a preview may have the last update's output, which older programs wrote as plain text.
    if (pulumi.runtime.isDryRun() && !stdout.startsWith("{")) return stdout;
    const { passed, summary, details } = parseStepReport(stdout);
    const text = [...details, summary].join("\n");
    // With mode `strict` the step itself fails the update.
    if (!passed) {
      void pulumi.log.warn(`the network is not what the stack's settings ask for:\n${text}`, this);
    }
    return text;
  }
}

function parseStepReport(stdout: string): VerificationStepReport {
  try {
    return stepReport.parse(JSON.parse(stdout));
  } catch (error) {
    throw new Error(
      `the verification's step printed no report (${stdout.slice(0, 200)}); run pulumi up again, and if that does not ` +
        "help, pulumi up --replace the Command verification-checks",
      { cause: error },
    );
  }
}
