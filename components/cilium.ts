import { local } from "@pulumi/command";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { HelmValues } from "../config";
import { accessEnvironment, type ClusterAccess, toolCommand } from "./clusterCommand";
import type { Replacement } from "./replacement";
import { repeatedOnLostConnection } from "./retryOnLostConnection";

/** Arguments of {@link Cilium}. */
export interface CiliumArgs {
  /** Version of the chart, exact. */
  readonly version: string;
  /** Chart: a name in the repository, a path, or an oci:// URL. */
  readonly chart: string;
  /** Helm repository, used for a chart that is a plain name. */
  readonly repository: string;
  /** Seconds that Helm waits until agents and operator run. */
  readonly timeout: number;
  /** Values of the chart. */
  readonly values: HelmValues;
  /** Whether Pulumi refuses to delete or replace the Release. */
  readonly protect: boolean;
  /** Whether all of it stays in the cluster when the stack is destroyed, to be handed over. */
  readonly retainOnDelete: boolean;
  /** Whether the engine forgets the Release when it leaves the stack or is replaced: what is protected it never deletes. */
  readonly retained: boolean;
  /** A new value installs it again: the cluster was made anew. */
  readonly replacement: Replacement;
  /** How commands reach the cluster. */
  readonly access: ClusterAccess;
  /** The cluster. */
  readonly provider: k8s.Provider;
}

/** Cilium as one Helm release, `cilium` in `kube-system`, and what its operator leaves behind when it goes. */
export class Cilium extends pulumi.ComponentResource {
  /** Status of the Helm release: name, namespace, revision, version. */
  public readonly status: k8s.helm.v3.Release["status"];

  constructor(name: string, args: CiliumArgs, opts?: pulumi.ComponentResourceOptions) {
    super("talos-cilium:index:Cilium", name, {}, opts);
    const {
      version,
      chart,
      repository,
      timeout,
      values,
      protect,
      retainOnDelete,
      retained,
      replacement,
      access,
      provider,
    } = args;

    // Made before the release, so that it is deleted after it: what Cilium makes at run time, which Helm knows nothing of.
    const remains = new local.Command(
      `${name}-remains`,
      { delete: toolCommand("removeCiliumLeftovers"), environment: accessEnvironment(access) },
      { parent: this, retainOnDelete },
    );

    const isName = !/^oci:|[/\\]|\.tgz$/.test(chart);
    const release = new k8s.helm.v3.Release(
      `${name}-release`,
      {
        name: "cilium",
        namespace: "kube-system",
        chart,
        version,
        ...(isName && { repositoryOpts: { repo: repository } }),
        values,
        timeout,
        // A first install that fails half-way is mended by the next one; purging it would take the network away.
        atomic: false,
        cleanupOnFail: false,
      },
      {
        parent: this,
        provider,
        protect,
        retainOnDelete: retained,
        ...replacement,
        dependsOn: [remains],
        ...repeatedOnLostConnection(`${name}-lost-connection`),
      },
    );

    this.status = release.status;
    this.registerOutputs({ status: this.status });
  }
}
