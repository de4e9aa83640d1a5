import type * as pulumi from "@pulumi/pulumi";

/**
 * Aliases of an object whose apiVersion follows Cilium's version: for Pulumi another apiVersion is another type, and it
 * would make the new resource, and then delete the one object that both of them are
 * (https://github.com/pulumi/pulumi-kubernetes/issues/2948). With these it updates the object in place.
 */
export function otherVersions(kind: string): pulumi.Alias[] {
  return ["v2", "v2alpha1"].map((version) => ({ type: `kubernetes:cilium.io/${version}:${kind}` }));
}
