import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { accessEnvironment, type ClusterAccess, toolCommand } from "./clusterCommand";

/** Arguments of {@link DestroyGuard}. */
export interface DestroyGuardArgs {
  /** Whether it guards; one that does not is there all the same, so that it can be turned off by an update. */
  readonly protect: boolean;
  /** Whether a destroy leaves the CRDs, and all objects with them, in the cluster. */
  readonly retainOnDelete: boolean;
  /** Names of the Gateway API's CRDs that a destroy would remove. */
  readonly gatewayApiCrds: readonly string[];
  /** Objects of the stack's own, as Kind name; a destroy removes them before their CRDs. */
  readonly own: readonly string[];
  /** How the command reaches the cluster. */
  readonly access: ClusterAccess;
}

/**
 * What a destroy meets first, since it depends on everything else. Protecting the Release alone would not do: Pulumi
 * finds a protected resource when it comes to it, and by then pools and policies are gone, and every address with them.
 * Where nothing is protected, it looks for objects that would be lost with their CRDs.
 */
export class DestroyGuard extends pulumi.ComponentResource {
  constructor(name: string, args: DestroyGuardArgs, opts?: pulumi.ComponentResourceOptions) {
    super("talos-cilium:index:DestroyGuard", name, {}, opts);
    const { protect, retainOnDelete, gatewayApiCrds, own, access } = args;
    new local.Command(
      `${name}-protected`,
      retainOnDelete
        ? {}
        : {
            delete: toolCommand("guardDestroy"),
            environment: {
              ...accessEnvironment(access),
              GATEWAY_API_CRDS: gatewayApiCrds.join(" "),
              OWN: JSON.stringify(own),
            },
          },
      { parent: this, protect },
    );
    this.registerOutputs({});
  }
}
