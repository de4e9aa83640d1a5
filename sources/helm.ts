import {
  type DocumentOptions,
  type ParseOptions,
  parseAllDocuments,
  type SchemaOptions,
} from "yaml";
import { chartKind, type HelmValues, type Settings } from "../config";

/** An object that a chart renders to; of its fields only those that every object has. */
export interface RenderedObject {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** A chart with its values, as a Helm Release installs it. */
export interface ChartRelease {
  readonly name: string;
  readonly namespace: string;
  /** A name in the repository, a path, or an oci:// URL. */
  readonly chart: string;
  readonly version: string;
  /** Helm repository; used for a chart that is a plain name. */
  readonly repository: string;
  readonly values: Readonly<HelmValues>;
}

/** What templates ask of a cluster. */
export interface Capabilities {
  /** Version of Kubernetes, without v. */
  readonly kubernetes: string;
  /** APIs beside those of every cluster: `group/version` and `group/version/Kind`. */
  readonly apis: readonly string[];
}

export interface RenderOptions {
  /** Whose values they are, for an error: "the stack". */
  readonly whose: string;
  /** Folder that the chart's path is relative to; default: this process's. */
  readonly folder?: string | undefined;
}

/** APIs that the templates look for in the cluster, and that `helm template` cannot ask it for. */
const API_VERSIONS = ["monitoring.coreos.com/v1", "gateway.networking.k8s.io/v1/GatewayClass"];

/** YAML as Kubernetes reads it: 1.1, in which 0400 is octal, without its dates and its numbers with colons. */
const YAML: ParseOptions & DocumentOptions & SchemaOptions = {
  version: "1.1",
  customTags: (tags) =>
    tags.filter(
      (tag) =>
        typeof tag === "string" ||
        (!/timestamp$/.test(tag.tag) && !("format" in tag && tag.format === "TIME")),
    ),
};

/** Kubernetes that is rendered for where the stack names none: one that every known chart takes. */
const KUBERNETES = "1.33.0";

const NO_HELM =
  "helm: it is not on PATH, and renders the chart; install it (https://helm.sh/docs/intro/install/), or build it with Go: go install helm.sh/helm/v3/cmd/helm@v3.22.0";

/**
 * What is rendered for where no cluster is asked.
 * @param kubernetes of the stack, if it names one.
 */
export function assumedCapabilities(kubernetes: string | undefined): Capabilities {
  return { kubernetes: kubernetes ?? KUBERNETES, apis: API_VERSIONS };
}

/**
 * Renders Cilium's chart as the stack names it, see {@link renderRelease}. No cluster is asked.
 * @param whose whose values they are, for an error: "the stack".
 */
export async function renderChart(
  { cilium, cluster }: Pick<Settings, "cilium" | "cluster">,
  values: Readonly<HelmValues>,
  whose: string,
): Promise<RenderedObject[]> {
  const { chart, repository, version } = cilium;
  const release = { name: "cilium", namespace: "kube-system", chart, repository, version, values };
  return renderRelease(release, assumedCapabilities(cluster.kubernetes), { whose });
}

/**
 * Renders a chart with the Helm on PATH: out of its repository, a registry, or by its path. Hooks are among the objects,
 * with Helm's annotation.
 * @throws Error when there is no Helm, when it cannot get the chart, or when the chart refuses the values.
 */
export async function renderRelease(
  { name, namespace, chart, repository, version, values }: ChartRelease,
  { kubernetes, apis }: Capabilities,
  { whose, folder }: RenderOptions,
): Promise<RenderedObject[]> {
  const kind = chartKind(chart);
  // Loaded here: most imports render nothing.
  const { execa } = await import("execa");
  const { stdout, stderr, exitCode, code } = await execa(
    "helm",
    [
      ...["template", name, chart, "--namespace", namespace, "--values", "-", "--include-crds"],
      ...["--kube-version", kubernetes],
      ...apis.flatMap((api) => ["--api-versions", api]),
      ...(kind === "name" ? ["--repo", repository] : []),
      ...(kind === "name" || kind === "url" ? ["--version", version] : []),
    ],
    {
      input: JSON.stringify(values),
      reject: false,
      timeout: 120_000,
      ...(folder !== undefined && { cwd: folder }),
    },
  );
  if (code === "ENOENT") throw new Error(NO_HELM);
  if (exitCode !== 0) {
    const last = stderr.trim().split("\n").at(-1) ?? "";
    throw new Error(`helm template, with the values of ${whose}, ended with ${exitCode}: ${last}`);
  }
  return parseAllDocuments(stdout, YAML).flatMap((document) => {
    const objects = objectsIn(document.toJS());
    if (objects !== undefined) return objects;
    throw new Error(
      `helm template, with the values of ${whose}, rendered a document that is no object (line ${lineOf(stdout, document.range[0])} of its output); find the value that breaks a manifest`,
    );
  });
}

/** The objects of a document, those of a list, too; undefined for a document that is no object. */
function objectsIn(document: unknown): RenderedObject[] | undefined {
  if (document === null) return [];
  const { kind, metadata, items } = document as Partial<RenderedObject>;
  if (kind?.endsWith("List") && Array.isArray(items)) return items as RenderedObject[];
  return kind === undefined || metadata?.name === undefined
    ? undefined
    : [document as RenderedObject];
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

const HOOK = "helm.sh/hook";

/** Hooks that Helm runs an object at (`post-install`), sorted; empty for an object that stays. */
export function hooksOf({ metadata }: RenderedObject): string[] {
  const hook = metadata.annotations?.[HOOK];
  return typeof hook === "string"
    ? hook
        .split(",")
        .map((each) => each.trim())
        .sort()
    : [];
}
