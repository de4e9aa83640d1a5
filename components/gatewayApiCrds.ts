import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { GatewayApiBundle, Manifest } from "../sources/gatewayApiBundle";
import { repeatedOnLostConnection } from "./retryOnLostConnection";

/** Arguments of {@link GatewayApiCrds}. */
export interface GatewayApiCrdsArgs {
  /** What to install: one release in one channel, as `loadGatewayApiBundle` returns it. */
  readonly bundle: GatewayApiBundle;
  /** Whether definitions that something else has installed are taken over. */
  readonly adopt: boolean;
  /** Whether the definitions stay in the cluster when the stack is destroyed. */
  readonly retainOnDelete: boolean;
  /** The cluster. */
  readonly provider: k8s.Provider;
}

/**
 * The Gateway API's custom resource definitions, one resource each so that a preview shows which ones change, and, in
 * the bundles that have it, the policy that keeps them from being downgraded. It is done when every definition is
 * Established; what depends on it finds them served.
 */
export class GatewayApiCrds extends pulumi.ComponentResource {
  /** Digest of what is installed, in hexadecimal. */
  public readonly digest: pulumi.Output<string>;

  constructor(name: string, args: GatewayApiCrdsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("talos-cilium:index:GatewayApiCrds", name, {}, opts);
    const { bundle, adopt, retainOnDelete, provider } = args;
    const repeated = repeatedOnLostConnection(`${name}-lost-connection`);
    const options = { parent: this, provider, retainOnDelete, ...repeated };

    const crds = bundle.crds.map(
      (manifest) =>
        new k8s.apiextensions.v1.CustomResourceDefinition(
          `${name}-${manifest.metadata.name}`,
          awaited(manifest, adopt),
          options,
        ),
    );

    // After the definitions: it would deny some of the changes that lead to them.
    for (const manifest of bundle.policies) {
      new k8s.apiextensions.CustomResource(
        `${name}-${manifest.kind === "ValidatingAdmissionPolicy" ? "policy" : "binding"}-${manifest.metadata.name}`,
        manifest,
        { ...options, dependsOn: crds },
      );
    }

    this.digest = pulumi.output(bundle.digest);
    this.registerOutputs({ digest: this.digest });
  }
}

/** The definition with Pulumi told to wait for Established; by default it takes a definition to be ready at once. */
function awaited(
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
        // Take the fields over from whoever has set them before.
        ...(adopt && { "pulumi.com/patchForce": "true" }),
      },
    },
  };
}
