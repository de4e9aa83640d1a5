import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";

/** Arguments of {@link DestroyGuard}. */
export interface DestroyGuardArgs {
  /** Whether it guards; one that does not is there all the same, so that it can be turned off by an update. */
  readonly protect: boolean;
}

/**
 * What a destroy meets first, since it depends on everything else. Protecting the Release alone would not do: Pulumi
 * finds a protected resource when it comes to it, and by then pools and policies are gone, and every address with them.
 */
export class DestroyGuard extends pulumi.ComponentResource {
  constructor(name: string, args: DestroyGuardArgs, opts?: pulumi.ComponentResourceOptions) {
    super("talos-cilium:index:DestroyGuard", name, {}, opts);
    // It runs nothing, ever.
    new local.Command(`${name}-protected`, {}, { parent: this, protect: args.protect });
    this.registerOutputs({});
  }
}
