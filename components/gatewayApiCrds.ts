import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { GatewayApiBundle, Manifest } from "../sources/gatewayApiBundle";
import type { Replacement } from "./replacement";
import { retryOnLostConnection } from "./retryOnLostConnection";

export interface GatewayApiCrdsArgs {
  /** One release in one channel, as `loadGatewayApiBundle` returns it. */
  readonly bundle: GatewayApiBundle;
  /** Whether fields that another tool manages are taken over. */
  readonly adopt: boolean;
  /** Whether Pulumi refuses to delete or replace a CRD. */
  readonly protect: boolean;
  /** Whether the policies stay in the cluster when they leave the stack. */
  readonly retainOnDelete: boolean;
  /** Whether the engine forgets a CRD, rather than delete it, when it is replaced or leaves the stack. */
  readonly retainCrds: boolean;
  readonly replacement: Replacement;
}

/**
 * The Gateway API's CRDs, one resource each so that a preview shows which ones change, and, in the bundles that have
 * it, the policy that refuses to downgrade them. It is complete when every CRD is Established; resources that depend on
 * it find them served.
 */
export class GatewayApiCrds extends pulumi.ComponentResource {
  /** Digest of the bundle, in hexadecimal. */
  public readonly digest: pulumi.Output<string>;

  constructor(name: string, args: GatewayApiCrdsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("talos-cilium:index:GatewayApiCrds", name, {}, opts);
    const { bundle, adopt, protect, retainOnDelete, retainCrds, replacement } = args;
    const options = {
      parent: this,
      ...replacement,
      ...retryOnLostConnection(`${name}-lost-connection`),
    };

    const crds = bundle.crds.map(
      (manifest) =>
        new k8s.apiextensions.v1.CustomResourceDefinition(
          `${name}-${manifest.metadata.name}`,
          withWaitAnnotations(manifest, adopt),
          { ...options, protect, retainOnDelete: retainCrds },
        ),
    );

    // After the CRDs: the policy would deny some of the changes that lead to them.
    for (const manifest of bundle.policies) {
      new k8s.apiextensions.CustomResource(
        `${name}-${manifest.kind === "ValidatingAdmissionPolicy" ? "policy" : "binding"}-${manifest.metadata.name}`,
        withPatchForce(manifest, adopt),
        { ...options, retainOnDelete, dependsOn: crds },
      );
    }

    this.digest = pulumi.output(bundle.digest);
    this.registerOutputs({ digest: this.digest });
  }
}

/** Fields are taken over from whatever has set them before. */
const PATCH_FORCE = { "pulumi.com/patchForce": "true" };

function withPatchForce(manifest: Manifest, adopt: boolean): Manifest {
  if (!adopt) return manifest;
  const { annotations } = manifest.metadata as { annotations?: Record<string, string> };
  const metadata = { ...manifest.metadata, annotations: { ...annotations, ...PATCH_FORCE } };
  return { ...manifest, metadata };
}

/** Makes Pulumi wait until the CRD is Established; by default it takes a CRD to be ready at once. */
function withWaitAnnotations(
  manifest: Manifest,
  adopt: boolean,
): k8s.apiextensions.v1.CustomResourceDefinitionArgs {
  const { metadata, spec } = manifest;
  return {
    spec: spec as k8s.types.input.apiextensions.v1.CustomResourceDefinitionSpec,
    metadata: {
      ...metadata,
      annotations: {
        ...(metadata.annotations as Record<string, string> | undefined),
        "pulumi.com/waitFor": "condition=Established",
        ...(adopt && PATCH_FORCE),
      },
    },
  };
}
