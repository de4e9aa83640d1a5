import { parseAllDocuments } from "yaml";
import { chartKind, type HelmValues, type Settings } from "../config";

/** An object that a chart renders to; of its fields only those that every object has. */
export interface RenderedObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

/** APIs that the templates look for in the cluster, and that `helm template` cannot ask it for. */
const API_VERSIONS = ["monitoring.coreos.com/v1", "gateway.networking.k8s.io/v1/GatewayClass"];

/** Kubernetes that is rendered for where the stack names none: one that every known chart takes. */
const KUBERNETES = "1.33.0";

const NO_HELM =
  "helm: it is not on PATH, and renders the chart; install it (https://helm.sh/docs/intro/install/), or build it with Go: go install helm.sh/helm/v3/cmd/helm@v3.22.0";

/**
 * Renders Cilium's chart with the Helm on PATH, as the stack names the chart: out of its repository, a registry, or by its
 * path. No cluster is asked.
 * @param whose whose values they are, for an error: "the stack".
 * @throws Error when there is no Helm, when it cannot get the chart, or when the chart refuses the values.
 */
export async function renderChart(
  { cilium, cluster }: Pick<Settings, "cilium" | "cluster">,
  values: Readonly<HelmValues>,
  whose: string,
): Promise<RenderedObject[]> {
  const { chart, repository, version } = cilium;
  const kind = chartKind(chart);
  // Loaded here: most imports render nothing.
  const { execa } = await import("execa");
  const { stdout, stderr, exitCode, code } = await execa(
    "helm",
    [
      ...["template", "cilium", chart, "--namespace", "kube-system", "--values", "-"],
      ...["--kube-version", cluster.kubernetes ?? KUBERNETES],
      ...API_VERSIONS.flatMap((api) => ["--api-versions", api]),
      ...(kind === "name" ? ["--repo", repository] : []),
      ...(kind === "name" || kind === "url" ? ["--version", version] : []),
    ],
    { input: JSON.stringify(values), reject: false, timeout: 120_000 },
  );
  if (code === "ENOENT") throw new Error(NO_HELM);
  if (exitCode !== 0) {
    const last = stderr.trim().split("\n").at(-1) ?? "";
    throw new Error(`helm template, with the values of ${whose}, ended with ${exitCode}: ${last}`);
  }
  return parseAllDocuments(stdout)
    .map((document) => document.toJS() as RenderedObject | null)
    .filter((object) => object !== null);
}
