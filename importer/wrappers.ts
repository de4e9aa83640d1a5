import { basename } from "node:path";
import get from "es-toolkit/compat/get";
import { isPlainObject } from "es-toolkit/predicate/isPlainObject";
import { valueAt } from "../config";
import { chartKeysIn, findValues } from "./chartKeys";
import { asTree, asTrees, setAt, type Tree } from "./tree";

/** Values of one place, before they are merged. */
export interface ValuesOf {
  readonly what: string;
  readonly values: Tree;
  /** Helm's order: values files first (0), then what stands in the wrapper (1), then single parameters (2). */
  readonly layer: 0 | 1 | 2;
  /** Of a values file only: its path, and the folder that was given, if it was found in one. */
  readonly file?: string;
  readonly folder?: string | undefined;
}

/** An object or a file that installs Cilium's chart, or holds values for it. */
export interface ChartUse {
  /** Kind, name and file, for a report. */
  readonly what: string;
  readonly values: readonly ValuesOf[];
  /** Version of the chart as it is written there; it may be a range. */
  readonly version?: string | undefined;
  /** Helm repository, or an oci:// URL of the chart. */
  readonly repository?: string | undefined;
  /** Files with values that it names. */
  readonly names: readonly string[];
  /** ConfigMaps and Secrets with values that it names: `ConfigMap cilium-values`. */
  readonly objects?: readonly string[];
}

type Parse = (text: string) => unknown;

/** Reads a document that wraps values of Cilium's chart; undefined for any other. */
export function readWrapper(document: Tree, file: string, parse: Parse): ChartUse | undefined {
  const { kind } = document;
  const name = String(valueAt(document, "metadata.name") ?? "");
  const what = `${typeof kind === "string" ? kind : basename(file)}${name && ` ${name}`} (${file})`;
  switch (kind) {
    case "HelmRelease":
      return helmRelease(document, name, what, parse);
    case "OCIRepository":
      return ociRepository(document, what);
    case "Application":
      return application(document, name, "spec", what, parse);
    case "ApplicationSet":
      return application(document, name, "spec.template.spec", what, parse);
    case "HelmChart":
    case "HelmChartConfig":
      return helmChart(document, name, what, parse);
    case "ConfigMap":
    case "Secret":
      return configMap(document, what, parse);
    case "Kustomization":
    case undefined:
      break;
    default:
      return otherWrapper(document, what, parse);
  }
  if (Array.isArray(document.helmCharts)) return kustomization(document, what);
  if (/^Chart\.(ya?ml|lock)$/.test(basename(file))) return chartFile(document, what);
  if (Array.isArray(document.releases)) return helmfile(document, what, parse);
  return undefined;
}

/** Flux: spec.values, over those of valuesFrom, whose ConfigMaps are read like any other. */
function helmRelease(
  document: Tree,
  name: string,
  what: string,
  parse: Parse,
): ChartUse | undefined {
  const chart =
    valueAt(document, "spec.chart.spec.chart") ?? valueAt(document, "spec.chartRef.name");
  if (!isCilium(chart ?? name)) return undefined;
  return {
    what,
    values: valuesIn(valueAt(document, "spec.values"), `${what}, spec.values`, 1, parse),
    version: text(valueAt(document, "spec.chart.spec.version")),
    names: [],
    objects: asTrees(valueAt(document, "spec.valuesFrom")).map(
      (from) => `${from.kind} ${from.name}`,
    ),
  };
}

function ociRepository(document: Tree, what: string): ChartUse | undefined {
  const url = text(valueAt(document, "spec.url"));
  if (!isCilium(url)) return undefined;
  const tag = valueAt(document, "spec.ref.tag") ?? valueAt(document, "spec.ref.semver");
  return { what, values: [], version: text(tag), repository: url, names: [] };
}

/** Argo CD: of a source, single parameters win over valuesObject, that over values, and that over valueFiles. */
function application(
  document: Tree,
  name: string,
  at: string,
  what: string,
  parse: Parse,
): ChartUse | undefined {
  const sources = asTrees(
    [valueAt(document, `${at}.source`), valueAt(document, `${at}.sources`)].flat(),
  );
  const source =
    sources.find(({ chart, repoURL, path }) =>
      [chart, repoURL, path].some((part) => isCilium(part)),
    ) ?? (isCilium(name) ? sources[0] : undefined);
  if (source === undefined) return undefined;
  const helm = asTree(source.helm);
  const own = helm.valuesObject ?? helm.values;
  const files = Array.isArray(helm.valueFiles) ? helm.valueFiles.map(String) : [];
  const parameters: Tree = {};
  for (const parameter of asTrees(helm.parameters)) {
    const value = parameter.forceString === true ? parameter.value : parse(String(parameter.value));
    setAt(parameters, String(parameter.name).split("."), value);
  }
  const where = helm.valuesObject === undefined ? "helm.values" : "helm.valuesObject";
  const repoURL = text(source.repoURL);
  return {
    what,
    values: [
      ...valuesIn(own, `${what}, ${where}`, 1, parse),
      ...valuesIn(parameters, `${what}, helm.parameters`, 2, parse),
    ],
    // Of a chart in Git it is a branch.
    version: isCilium(source.chart) ? text(source.targetRevision) : undefined,
    repository: isCilium(source.chart) ? chartUrl(repoURL) : undefined,
    names: files.map((file) => file.replace(/^\$[^/]+\//, "")),
  };
}

/** Argo CD leaves oci:// out. */
function chartUrl(repoURL: string | undefined): string | undefined {
  if (repoURL === undefined || /^https?:\/\//.test(repoURL)) return repoURL;
  return `oci://${repoURL.replace(/^oci:\/\//, "").replace(/(\/cilium)?$/, "/cilium")}`;
}

/** The Helm controller of k3s and RKE2. */
function helmChart(document: Tree, name: string, what: string, parse: Parse): ChartUse | undefined {
  if (!isCilium(valueAt(document, "spec.chart") ?? name)) return undefined;
  const content = valueAt(document, "spec.valuesContent");
  return {
    what,
    values: valuesIn(content, `${what}, spec.valuesContent`, 1, parse),
    version: text(valueAt(document, "spec.version")),
    names: [],
  };
}

/** A ConfigMap or Secret whose entries are values files. */
function configMap(document: Tree, what: string, parse: Parse): ChartUse | undefined {
  const entries = asTrees([document.data, document.stringData])
    .flatMap((data) => Object.entries(data))
    .filter(([, value]) => typeof value === "string");
  const values = entries.flatMap(([entry, value]) => {
    const parsed = parse(String(value));
    const plain = isPlainObject(parsed) && typeof parsed.kind !== "string";
    if (!plain || findValues(parsed, parse) === undefined) return [];
    return valuesIn(parsed, `${what}, data.${entry}`, 0, parse);
  });
  return values.length === 0 ? undefined : { what, values, names: [] };
}

/** Values that only Cilium's chart has together. */
const CERTAIN = ["kubeProxyReplacement", "k8sServiceHost", "routingMode", "ipam"];

/** An object of any other kind that has values of the chart somewhere, such as ClusterProfile or HelmChartProxy. */
function otherWrapper(document: Tree, what: string, parse: Parse): ChartUse | undefined {
  if (String(document.apiVersion).startsWith("cilium.io/")) return undefined;
  const found = findValues(document, parse);
  if (found === undefined || chartKeysIn(found.values) < 2) return undefined;
  if (!CERTAIN.some((key) => Object.hasOwn(found.values, key))) return undefined;
  // The version stands beside the values, or further up.
  const above = found.at.map((_key, index) => found.at.slice(0, index));
  const version = above
    .reverse()
    .flatMap((at) => {
      const tree = asTree(at.length === 0 ? document : get(document, at));
      return [tree.chartVersion, tree.targetRevision, tree.version];
    })
    .map(text)
    .find((version) => version !== undefined);
  return {
    what,
    values: [{ what: `${what}, ${found.at.join(".")}`, values: found.values, layer: 1 }],
    version,
    names: [],
  };
}

/** kustomize: values files in their order, then valuesInline (unless valuesMerge says otherwise). */
function kustomization(document: Tree, what: string): ChartUse | undefined {
  const chart = asTrees(document.helmCharts).find(({ name }) => isCilium(name));
  if (chart === undefined) return undefined;
  const files = [chart.valuesFile, chart.additionalValuesFiles]
    .flat()
    .filter((file) => typeof file === "string");
  const inline = chart.valuesInline;
  return {
    what,
    values: isPlainObject(inline)
      ? [
          {
            what: `${what}, valuesInline`,
            values: inline,
            layer: chart.valuesMerge === "merge" ? 0 : 1,
          },
        ]
      : [],
    version: text(chart.version),
    repository: text(chart.repo),
    names: files,
  };
}

/** Chart.yaml or Chart.lock: the version of the dependency, or of the chart itself when it is Cilium's own. */
function chartFile(document: Tree, what: string): ChartUse | undefined {
  const dependency = asTrees(document.dependencies).find(({ name }) => isCilium(name));
  if (dependency !== undefined) {
    return {
      what,
      values: [],
      version: text(dependency.version),
      repository: text(dependency.repository),
      names: [],
    };
  }
  const isOwn = document.name === "cilium" && document.version === document.appVersion;
  return isOwn ? { what, values: [], version: text(document.version), names: [] } : undefined;
}

/** helmfile: the release's values are files or mappings, in their order. */
function helmfile(document: Tree, what: string, parse: Parse): ChartUse | undefined {
  const release = asTrees(document.releases).find(
    ({ name, chart }) => isCilium(chart) || isCilium(name),
  );
  if (release === undefined) return undefined;
  const values = Array.isArray(release.values) ? release.values : [];
  const url = text(release.chart);
  return {
    what,
    values: asTrees(values).flatMap((each) => valuesIn(each, `${what}, values`, 1, parse)),
    version: text(release.version),
    repository: url?.startsWith("oci://") ? url : undefined,
    names: values.filter((each): each is string => typeof each === "string"),
  };
}

/** Values that may be a text, and may stand under the name of an umbrella chart's dependency. */
function valuesIn(
  value: unknown,
  what: string,
  layer: ValuesOf["layer"],
  parse: Parse,
): ValuesOf[] {
  const tree = typeof value === "string" ? parse(value) : value;
  if (!isPlainObject(tree) || Object.keys(tree).length === 0) return [];
  const found = chartKeysIn(tree) > 0 ? undefined : findValues(tree, parse);
  const at = found === undefined ? "" : `.${found.at.join(".")}`;
  return [{ what: `${what}${at}`, values: found?.values ?? tree, layer }];
}

/** Whether a name, URL or path of a chart is that of Cilium. */
function isCilium(chart: unknown): boolean {
  return typeof chart === "string" && /(^|[/_-])cilium(\.git|\/)?$/.test(chart);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}
