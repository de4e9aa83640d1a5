import set from "es-toolkit/compat/set";
import { mapValues } from "es-toolkit/object/mapValues";
import { mergeWith } from "es-toolkit/object/mergeWith";
import { omitBy } from "es-toolkit/object/omitBy";
import { isNil } from "es-toolkit/predicate/isNil";
import { isPlainObject } from "es-toolkit/predicate/isPlainObject";
import type { Settings } from "../schema";
import type { HelmValues } from "./helmValues";
import { managedValues } from "./managedValues";
import { talosValues } from "./talosValues";

/** The operator's annotation with the digest of the Gateway API's CRDs. */
export const GATEWAY_API_ANNOTATION = "talos-cilium/gateway-api-crds";

/**
 * Values of Cilium's chart for a stack: the managed values, what Talos needs, and the user's values, which replace both.
 * A list is replaced as a whole. Values that are null are left out, as Helm takes null for "delete the chart's default"
 * (https://github.com/pulumi/pulumi-kubernetes/issues/2997).
 * @param gatewayApiDigest digest of the Gateway API's CRDs; a new one restarts the operator, which looks for CRDs only
 * when it starts. Undefined where the Gateway API is off.
 */
export function ciliumValues(settings: Settings, gatewayApiDigest?: string): HelmValues {
  const values: HelmValues = {};
  for (const { path, value } of managedValues(settings)) {
    // Settings are frozen, and the user's values are merged into these.
    if (value !== undefined) set(values, path, structuredClone(value));
  }
  for (const [path, value] of talosValues(settings)) set(values, path, value);
  if (gatewayApiDigest !== undefined) {
    set(values, ["operator", "podAnnotations", GATEWAY_API_ANNOTATION], gatewayApiDigest);
  }
  mergeWith(values, settings.cilium.values, (ours, theirs) =>
    Array.isArray(ours) || Array.isArray(theirs) ? theirs : undefined,
  );
  return withoutNulls(values);
}

function withoutNulls(values: HelmValues): HelmValues {
  return mapValues(omitBy(values, isNil), (value) =>
    isPlainObject(value) ? withoutNulls(value) : value,
  );
}
