import { sortBy } from "es-toolkit/array/sortBy";
import type { HelmValues, StackConfig } from "../config";
import {
  assumedCapabilities,
  type Capabilities,
  type ChartRelease,
  hooksOf,
  type RenderedObject,
  renderRelease,
} from "../sources/helm";
import { withoutEncrypted } from "./encryptedValues";
import { generatedFields } from "./generatedFields";
import type { Marks } from "./marks";
import { type RecordedResource, runProgram } from "./program";
import { redact, redactMessage } from "./redact";
import { groupOf, type RenderedStack, type StackObject } from "./renderedStack";

export interface RenderRequest {
  /** Folder of the checkout, whose program is run. */
  readonly folder: string;
  readonly stack: string;
  readonly config: StackConfig;
  /** Of the stack's cluster; default: what sources/helm.ts assumes, with the stack's `cluster.kubernetes`. */
  readonly capabilities?: Capabilities | undefined;
  /** Of the run: two stacks that are compared have the same. */
  readonly marks: Marks;
  /** Is told, in a sentence, what the objects do not show. */
  readonly warn: (sentence: string) => void;
}

const RELEASE = "kubernetes:helm.sh/v3:Release";

/** An object before it is redacted. */
type Made = Omit<StackObject, "hidden">;

/**
 * Every object that a stack makes or lets Helm make, with what is secret taken out. No cluster is asked.
 * @throws Error when the program or the chart refuses the configuration, or there is no Helm; its message has no secret.
 */
export async function renderStack(request: RenderRequest): Promise<RenderedStack> {
  const { config, standIns } = withoutEncrypted(request.config);
  for (const path of standIns.keys()) {
    request.warn(
      `${path}: it is encrypted, and nothing is decrypted here; it is rendered with a stand-in, which is not shown`,
    );
  }
  const encrypted = [...standIns.values()];
  try {
    return await render({ ...request, config }, encrypted);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(redactMessage(message, config, encrypted));
  }
}

async function render(
  request: RenderRequest,
  encrypted: readonly string[],
): Promise<RenderedStack> {
  const { folder, stack, config, marks } = request;
  const { resources, secrets } = await runProgram(folder, stack, config);
  const own: Made[] = resources
    .filter(({ type }) => type !== RELEASE)
    .map((resource) => ({
      object: objectOf(resource),
      madeBy: "Pulumi",
      hooks: [],
      generated: [],
    }));
  const capabilities =
    request.capabilities === undefined
      ? assumedCapabilities(kubernetesOf(config))
      : // By the time of the Release the stack's CRDs are there.
        withCrds(request.capabilities, own);
  const releases = resources.filter(({ type }) => type === RELEASE).map(releaseOf);
  const helm = await Promise.all(
    releases.map((release) => renderTwice(release, capabilities, folder)),
  );
  const made = sortBy(
    [...own, ...helm.flat()],
    [
      ({ object }) => groupOf(object),
      ({ object }) => object.kind,
      ({ object }) => object.metadata.namespace ?? "",
      ({ object }) => object.metadata.name,
    ],
  );
  return {
    stack,
    versions: {
      cilium: releases[0]?.version ?? "none",
      ...gatewayApiVersion(own),
      kubernetes: capabilities.kubernetes,
    },
    objects: redact(made, [...encrypted, ...secrets], marks),
  };
}

/** Rendered twice, as nothing in a chart says which fields each rendering makes anew. */
async function renderTwice(
  release: ChartRelease,
  capabilities: Capabilities,
  folder: string,
): Promise<Made[]> {
  const render = () => renderRelease(release, capabilities, { whose: "the stack", folder });
  const [first, second] = await Promise.all([render(), render()]);
  const generated = generatedFields(first, second);
  return first.map((object, index) => ({
    object,
    madeBy: "Helm",
    hooks: hooksOf(object),
    generated: generated[index] ?? [],
  }));
}

function releaseOf({ name, inputs }: RecordedResource): ChartRelease {
  const release = inputs as {
    readonly name?: string;
    readonly namespace?: string;
    readonly chart: string;
    readonly version?: string;
    readonly repositoryOpts?: { readonly repo?: string };
    readonly values?: Readonly<HelmValues>;
  };
  return {
    name: release.name ?? name,
    namespace: release.namespace ?? "default",
    chart: release.chart,
    version: release.version ?? "",
    repository: release.repositoryOpts?.repo ?? "",
    values: release.values ?? {},
  };
}

/** @throws Error for a resource that is no object. */
function objectOf({ type, name, inputs }: RecordedResource): RenderedObject {
  const { apiVersion, kind, metadata, ...rest } = inputs as Partial<RenderedObject>;
  if (typeof apiVersion !== "string" || typeof kind !== "string") {
    throw new Error(
      `${name}: render cannot show such a resource (${type}); make it of a Kubernetes kind`,
    );
  }
  return { apiVersion, kind, metadata: { ...metadata, name: metadata?.name ?? name }, ...rest };
}

/** A CRD as far as its APIs are told by it. */
interface Crd extends RenderedObject {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly name: string; readonly served?: boolean }[];
  };
}

function withCrds({ kubernetes, apis }: Capabilities, own: readonly Made[]): Capabilities {
  const served = own
    .filter(({ object }) => object.kind === "CustomResourceDefinition")
    .flatMap(({ object }) => {
      const { group, names, versions } = (object as Crd).spec;
      return versions
        .filter(({ served }) => served !== false)
        .flatMap(({ name }) => [`${group}/${name}`, `${group}/${name}/${names.kind}`]);
    });
  return { kubernetes, apis: [...new Set([...apis, ...served])].sort() };
}

const BUNDLE_VERSION = "gateway.networking.k8s.io/bundle-version";
const CHANNEL = "gateway.networking.k8s.io/channel";

function gatewayApiVersion(own: readonly Made[]): {
  readonly gatewayApi: string | undefined;
  readonly channel: string | undefined;
} {
  const annotations = own
    .map(({ object }) => object.metadata.annotations)
    .find((each) => each?.[BUNDLE_VERSION] !== undefined);
  return { gatewayApi: annotations?.[BUNDLE_VERSION], channel: annotations?.[CHANNEL] };
}

/** The program may be of another time, so that its schema is not this one. */
function kubernetesOf(config: StackConfig): string | undefined {
  const cluster = Object.entries(config).find(([key]) => key.endsWith(":cluster"))?.[1];
  const { kubernetes } = (cluster ?? {}) as { readonly kubernetes?: unknown };
  return typeof kubernetes === "string" ? kubernetes : undefined;
}
