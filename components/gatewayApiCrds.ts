import { local } from "@pulumi/command";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { GatewayApiBundle, Manifest } from "../sources/gatewayApiBundle";
import { accessEnvironment, type ClusterAccess, toolCommand } from "./clusterCommand";
import type { Replacement } from "./replacement";
import { repeatedOnLostConnection } from "./retryOnLostConnection";

/** Arguments of {@link GatewayApiCrds}. */
export interface GatewayApiCrdsArgs {
  /** What to install: one release in one channel, as `loadGatewayApiBundle` returns it. */
  readonly bundle: GatewayApiBundle;
  /** Whether definitions that something else has installed are taken over. */
  readonly adopt: boolean;
  /** CRDs of the state that the bundle no longer has; the state keeps them until they are out of the cluster. */
  readonly droppedCrds: readonly string[];
  /** Those that may go, once they hold no objects. */
  readonly removeCrds: readonly string[];
  /** Whether Pulumi refuses to delete or replace a CRD. */
  readonly protect: boolean;
  /** Whether a CRD stays in the cluster when it leaves the stack. */
  readonly retainOnDelete: boolean;
  /** A new value installs everything again: the cluster was made anew. */
  readonly replacement: Replacement;
  /** How commands reach the cluster. */
  readonly access: ClusterAccess;
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
    const { bundle, adopt, protect, retainOnDelete, replacement, provider } = args;
    const repeated = repeatedOnLostConnection(`${name}-lost-connection`);
    const options = { parent: this, provider, retainOnDelete, ...replacement, ...repeated };

    const crds = bundle.crds.map(
      (manifest) =>
        new k8s.apiextensions.v1.CustomResourceDefinition(
          `${name}-${manifest.metadata.name}`,
          awaited(manifest, adopt),
          { ...options, protect },
        ),
    );
    this.dropCrds(name, args, options, crds);

    // After the definitions: it would deny some of the changes that lead to them.
    for (const manifest of bundle.policies) {
      new k8s.apiextensions.CustomResource(
        `${name}-${manifest.kind === "ValidatingAdmissionPolicy" ? "policy" : "binding"}-${manifest.metadata.name}`,
        adopted(manifest, adopt),
        { ...options, dependsOn: crds },
      );
    }

    this.digest = pulumi.output(bundle.digest);
    this.registerOutputs({ digest: this.digest });
  }

  /**
   * Removes CRDs by a command, which looks for objects first. The engine must not: it deletes last of all, without a look,
   * and nothing that is protected. So the state has them once more, unprotected, and forgets them in the next update.
   */
  private dropCrds(
    name: string,
    { droppedCrds, removeCrds, access }: GatewayApiCrdsArgs,
    options: pulumi.CustomResourceOptions,
    dependsOn: pulumi.Resource[],
  ): void {
    if (removeCrds.length === 0) return;
    const dropped = droppedCrds.map(
      (crd) =>
        new k8s.apiextensions.v1.CustomResourceDefinition(
          `${name}-${crd}`,
          { metadata: { name: crd } } as k8s.apiextensions.v1.CustomResourceDefinitionArgs,
          { ...options, protect: false, ignoreChanges: ["metadata", "spec"] },
        ),
    );
    new local.Command(
      `${name}-removal`,
      {
        create: toolCommand("removeCrds"),
        environment: { ...accessEnvironment(access), CRDS: removeCrds.join(" ") },
        triggers: [...removeCrds],
      },
      { parent: this, dependsOn: [...dependsOn, ...dropped] },
    );
  }
}

/** Take the fields over from whoever has set them before. */
const PATCH_FORCE = { "pulumi.com/patchForce": "true" };

/** A policy, or its binding, that takes the place of the one that something else has installed. */
function adopted(manifest: Manifest, adopt: boolean): Manifest {
  if (!adopt) return manifest;
  const { annotations } = manifest.metadata as { annotations?: Record<string, string> };
  const metadata = { ...manifest.metadata, annotations: { ...annotations, ...PATCH_FORCE } };
  return { ...manifest, metadata };
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
        ...(adopt && PATCH_FORCE),
      },
    },
  };
}
