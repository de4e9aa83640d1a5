import type * as pulumi from "@pulumi/pulumi";

/** Options by which the engine installs a resource again when the cluster was made anew. */
export type Replacement = Pick<
  pulumi.CustomResourceOptions,
  "replacementTrigger" | "deleteBeforeReplace"
>;

/**
 * On a cluster that was made anew the old object is deleted first, which finds nothing: the other way round the engine
 * would delete what it has just made. Everywhere else nothing that is applied is ever deleted first.
 * @param trigger UID of the cluster; undefined replaces nothing.
 */
export function replacementOf(trigger: string | undefined, madeAnew: boolean): Replacement {
  return {
    ...(trigger !== undefined && { replacementTrigger: trigger }),
    ...(madeAnew && { deleteBeforeReplace: true }),
  };
}
