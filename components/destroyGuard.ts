import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";

export interface DestroyGuardArgs {
  /** Whether a destroy is refused. One that refuses nothing exists all the same, so that an update can turn it off. */
  readonly protect: boolean;
}

/**
 * The first resource that a destroy comes to, since it depends on all others. Protecting the Release alone is not
 * enough: Pulumi finds a protected resource when its turn comes, and by then pools and policies are gone, and every
 * address with them.
 */
export class DestroyGuard extends pulumi.ComponentResource {
  constructor(name: string, args: DestroyGuardArgs, opts?: pulumi.ComponentResourceOptions) {
    super("talos-cilium:index:DestroyGuard", name, {}, opts);
    // A command that runs nothing: the engine's `protect` does the work.
    new local.Command(`${name}-protected`, {}, { parent: this, protect: args.protect });
    this.registerOutputs({});
  }
}
