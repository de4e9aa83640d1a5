import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { RemovedCrd } from "./removedCrd";
import { type ClusterLocation, locationEnvironment, stepCommand } from "./stepCommand";

export interface CrdRemovalArgs {
  /** Full names of the CRDs that leave the cluster, once they hold no objects. */
  readonly crds: readonly string[];
  readonly location: ClusterLocation;
}

/**
 * Removes CRDs of the Gateway API that the stack no longer installs, by a step that looks for objects first: the engine
 * deletes without a look, and nothing that is protected. Then {@link RemovedCrd}s stand in their place in the state.
 */
export class CrdRemoval extends pulumi.ComponentResource {
  constructor(name: string, args: CrdRemovalArgs, opts?: pulumi.ComponentResourceOptions) {
    super("talos-cilium:index:CrdRemoval", name, {}, opts);
    const { crds, location } = args;
    const step = new local.Command(
      `${name}-step`,
      {
        create: stepCommand("removeCrds"),
        environment: { ...locationEnvironment(location), TALOS_CILIUM_CRDS: crds.join(" ") },
        triggers: [...crds],
      },
      { parent: this },
    );
    for (const crd of crds)
      new RemovedCrd(`${name}-${crd}`, crd, { parent: this, dependsOn: [step] });
    this.registerOutputs({});
  }
}
