import { local } from "@pulumi/command";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { CILIUM_RELEASE, chartKind, type HelmValues } from "../config";
import type { Replacement } from "./replacement";
import { retryOnLostConnection } from "./retryOnLostConnection";
import { type ClusterLocation, locationEnvironment, stepCommand } from "./stepCommand";

export interface CiliumArgs {
  /** Version of the chart, exact. */
  readonly version: string;
  /** A name in the repository, a path, or an oci:// URL. */
  readonly chart: string;
  /** Helm repository; used for a chart that is a plain name. */
  readonly repository: string;
  /** Seconds that Helm waits until agents and operator run. */
  readonly timeout: number;
  readonly values: HelmValues;
  /** Whether Pulumi refuses to delete or replace the Release. */
  readonly protect: boolean;
  /** Whether all of it stays in the cluster when the stack is destroyed, to be handed over. */
  readonly retainOnDelete: boolean;
  /** Whether the engine forgets the Release, rather than delete it, when it is replaced or leaves the stack. */
  readonly retainRelease: boolean;
  readonly replacement: Replacement;
  readonly location: ClusterLocation;
}

/** Cilium as one Helm Release, `cilium` in `kube-system`, and the removal of what it leaves in the cluster. */
export class Cilium extends pulumi.ComponentResource {
  /** Status of the Helm Release: name, namespace, revision, version. */
  public readonly status: k8s.helm.v3.Release["status"];

  constructor(name: string, args: CiliumArgs, opts?: pulumi.ComponentResourceOptions) {
    super("talos-cilium:index:Cilium", name, {}, opts);
    const { version, chart, repository, timeout, values, protect, retainOnDelete } = args;

    // Created before the Release, and so deleted after it: what Cilium makes at run time is not Helm's.
    const leftovers = new local.Command(
      `${name}-leftovers`,
      {
        delete: stepCommand("removeCiliumLeftovers"),
        environment: locationEnvironment(args.location),
      },
      // Its name in the states of older stacks; without the alias an update would delete that one, and its command run.
      { parent: this, retainOnDelete, aliases: [{ name: `${name}-remains` }] },
    );

    const release = new k8s.helm.v3.Release(
      `${name}-release`,
      {
        ...CILIUM_RELEASE,
        chart,
        version,
        ...(chartKind(chart) === "name" && { repositoryOpts: { repo: repository } }),
        values,
        timeout,
        // The next update repairs a first install that failed half-way; purging it would take the network away.
        atomic: false,
        cleanupOnFail: false,
      },
      {
        parent: this,
        protect,
        retainOnDelete: args.retainRelease,
        ...args.replacement,
        dependsOn: [leftovers],
        ...retryOnLostConnection(`${name}-lost-connection`),
      },
    );

    this.status = release.status;
    this.registerOutputs({ status: this.status });
  }
}
