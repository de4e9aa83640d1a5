import { TALOS_VALUES } from "../config";
import { sameValue } from "./tree";

/** The annotation that restarts the operator: its value is a digest of the cluster's own CRDs, and never imported. */
export const DIGEST = "operator.podAnnotations.talos-cilium/gateway-api-crds";

/** Whether the program sets a value by itself, to the same; the order in a list (capabilities) does not matter. */
export function isSetAlready(path: string, value: unknown): boolean {
  if (path === DIGEST) return true;
  return Object.hasOwn(TALOS_VALUES, path) && sameValue(sorted(TALOS_VALUES[path]), sorted(value));
}

function sorted(value: unknown): unknown {
  return Array.isArray(value) ? [...value].sort() : value;
}
