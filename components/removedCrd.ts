import * as pulumi from "@pulumi/pulumi";

const CRD = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition";

/**
 * Replaces a CRD that is gone in the state. The engine deletes nothing that is protected, but a resource may be
 * unprotected and replaced in one update, by a component, too: so the state needs no second update to forget the CRD.
 */
export class RemovedCrd extends pulumi.ComponentResource {
  /** @param crd full name of the CRD, as {@link GatewayApiCrds} has installed it. */
  constructor(name: string, crd: string, opts?: pulumi.ComponentResourceOptions) {
    const parent = pulumi.createUrn("gateway-api", "talos-cilium:index:GatewayApiCrds");
    const aliases = [{ name: `gateway-api-${crd}`, type: CRD, parent }];
    super("talos-cilium:index:RemovedCrd", name, {}, { ...opts, aliases });
    this.registerOutputs({});
  }
}
