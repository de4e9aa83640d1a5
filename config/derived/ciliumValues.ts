import deepmerge from "deepmerge";
import type { Settings } from "../schema";
import { managedValues } from "./managedValues";
import { TALOS_VALUES } from "./talosValues";

/** Values of Cilium's Helm chart. */
export type HelmValues = { [key: string]: unknown };

/**
 * Values of Cilium's chart for a cluster: what Talos needs, what the settings say, then the settings' own values over
 * all of it. Keys that are null or undefined are left out, as Helm would take null for "delete the chart's default"
 * (https://github.com/pulumi/pulumi-kubernetes/issues/2997).
 * @param gatewayApiDigest digest of the Gateway API's CRDs; a new one restarts the operator, which looks for them once.
 */
export function ciliumValues(settings: Settings, gatewayApiDigest: string): HelmValues {
  const decided = managedValues(settings).map(({ path, value }) => [path, value] as const);
  const all = [
    tree([...decided, ...Object.entries(TALOS_VALUES)]),
    { operator: { podAnnotations: { "talos-cilium/gateway-api-crds": gatewayApiDigest } } },
    settings.cilium.values as HelmValues,
  ];
  return withoutNulls(deepmerge.all<HelmValues>(all, { arrayMerge: (_ours, theirs) => theirs }));
}

/** Values by their paths, as one object; a value that is undefined has no place in it. */
function tree(values: readonly (readonly [path: string, value: unknown])[]): HelmValues {
  const branches = values
    .filter(([, value]) => value !== undefined)
    .map(([path, value]) =>
      path.split(".").reduceRight<unknown>((inner, key) => ({ [key]: inner }), value),
    );
  return deepmerge.all<HelmValues>(branches as HelmValues[]);
}

function withoutNulls(values: HelmValues): HelmValues {
  return Object.fromEntries(
    Object.entries(values)
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([key, value]) => [key, isObject(value) ? withoutNulls(value) : value]),
  );
}

function isObject(value: unknown): value is HelmValues {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
