import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { type ClusterLocation, locationEnvironment, stepCommand } from "./stepCommand";

export interface DestroyGuardArgs {
  /** Whether a destroy is refused. One that refuses nothing exists all the same, so that an update can turn it off. */
  readonly protect: boolean;
  /** Whether a destroy leaves the CRDs in the cluster, and all objects with them. */
  readonly retainOnDelete: boolean;
  /** UID of the cluster, the only one that a destroy may take anything from. */
  readonly clusterUid: string | undefined;
  /** Full names of the Gateway API's CRDs that a destroy removes. */
  readonly gatewayApiCrds: readonly string[];
  /** Objects of Cilium's kinds that are the stack's own, as Kind name. */
  readonly ownObjects: readonly string[];
  readonly location: ClusterLocation;
}

/**
 * The first resource that a destroy comes to, since it depends on all others. Protecting the Release alone is not
 * enough: Pulumi finds a protected resource when its turn comes, and by then pools and policies are gone, and every
 * address with them. Where nothing is protected, it fails on another cluster than the stack's, and while there are
 * objects that would be lost with their CRDs.
 */
export class DestroyGuard extends pulumi.ComponentResource {
  constructor(name: string, args: DestroyGuardArgs, opts?: pulumi.ComponentResourceOptions) {
    super("talos-cilium:index:DestroyGuard", name, {}, opts);
    const { protect, retainOnDelete, location } = args;
    // It runs nothing until it is deleted, and the engine's `protect` keeps it from that.
    const look = {
      delete: stepCommand("guardDestroy"),
      environment: {
        ...locationEnvironment(location),
        ...(args.clusterUid !== undefined && { TALOS_CILIUM_CLUSTER_UID: args.clusterUid }),
        TALOS_CILIUM_CRDS: args.gatewayApiCrds.join(" "),
        TALOS_CILIUM_OWN_OBJECTS: JSON.stringify(args.ownObjects),
      },
    };
    new local.Command(`${name}-protected`, retainOnDelete ? {} : look, { parent: this, protect });
    this.registerOutputs({});
  }
}
