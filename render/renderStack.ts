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
import { generatedFields } from "./generatedFields";
import type { Marks } from "./marks";
import { type RecordedResource, runProgram } from "./program";
import { redact } from "./redact";
import type { RenderedStack, StackObject } from "./renderedStack";

export interface RenderRequest {
  /** Folder of the checkout, whose program is run. */
  readonly folder: string;
  readonly stack: string;
  readonly config: StackConfig;
  /** What a cluster can do; default: what sources/helm.ts assumes, with the stack's `cluster.kubernetes`. */
  readonly capabilities?: Capabilities | undefined;
  /** Of the run: two stacks that are compared have the same. */
  readonly marks: Marks;
}

const RELEASE = "kubernetes:helm.sh/v3:Release";

/** An object before it is redacted. */
type Made = Pick<StackObject, "object" | "madeBy" | "hooks" | "generated">;

/**
 * Every object that a stack makes or lets Helm make, with what is secret taken out. No cluster is asked.
 * @throws Error when the program or the chart refuses the configuration, or there is no Helm.
 */
export async function renderStack(request: RenderRequest): Promise<RenderedStack> {
  const { folder, stack, config, marks } = request;
  const capabilities = request.capabilities ?? assumedCapabilities(kubernetesOf(config));
  const { resources, secrets } = await runProgram(folder, stack, config);
  const releases = resources.filter(({ type }) => type === RELEASE).map(releaseOf);
  const own: Made[] = resources
    .filter(({ type }) => type !== RELEASE)
    .map((resource) => ({
      object: objectOf(resource),
      madeBy: "Pulumi",
      hooks: [],
      generated: [],
    }));
  const helm = await Promise.all(
    releases.map((release) => renderTwice(release, capabilities, folder)),
  );
  const made = sortBy([...own, ...helm.flat()], ORDER);
  return {
    stack,
    versions: {
      cilium: releases[0]?.version ?? "none",
      ...gatewayApiVersion(own),
      kubernetes: capabilities.kubernetes,
    },
    objects: redact(made, secrets.map(String), marks),
  };
}

const ORDER = [
  ({ object }: Made) => groupOf(object),
  ({ object }: Made) => object.kind,
  ({ object }: Made) => object.metadata.namespace ?? "",
  ({ object }: Made) => object.metadata.name,
];

/** API group of an object; empty for the core's. */
function groupOf({ apiVersion }: RenderedObject): string {
  const [group = "", version] = String(apiVersion).split("/");
  return version === undefined ? "" : group;
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

/** @throws Error for a resource that is no object, such as a chart that a component of Pulumi's renders. */
function objectOf({ type, name, inputs }: RecordedResource): RenderedObject {
  const { apiVersion, kind, metadata, ...rest } = inputs as Partial<RenderedObject>;
  if (typeof apiVersion !== "string" || typeof kind !== "string") {
    throw new Error(
      `${name}: render cannot show such a resource (${type}); make it of a Kubernetes kind`,
    );
  }
  return { apiVersion, kind, metadata: { ...metadata, name: metadata?.name ?? name }, ...rest };
}

function gatewayApiVersion(own: readonly Made[]) {
  const annotations = own.map(
    ({ object }) =>
      (object.metadata as { readonly annotations?: Readonly<Record<string, string>> }).annotations,
  );
  const of = (name: string) => annotations.find((each) => each?.[name] !== undefined)?.[name];
  return {
    gatewayApi: of("gateway.networking.k8s.io/bundle-version"),
    channel: of("gateway.networking.k8s.io/channel"),
  };
}

/** The program may be of another time, so that its schema is not this one. */
function kubernetesOf(config: StackConfig): string | undefined {
  const cluster = Object.entries(config).find(([key]) => key.endsWith(":cluster"))?.[1];
  const { kubernetes } = (cluster ?? {}) as { readonly kubernetes?: unknown };
  return typeof kubernetes === "string" ? kubernetes : undefined;
}
