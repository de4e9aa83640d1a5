import { isPlainObject } from "es-toolkit/predicate/isPlainObject";
import type { Judgement } from "./effects";
import { isWithin } from "./fields";
import type { Unjudged } from "./objectChange";
import { AGENT, nameOf } from "./objectNames";
import type { StackObject } from "./renderedStack";

/**
 * Which workloads read a ConfigMap or Secret that changed and do not restart for it: their template has no checksum of it,
 * so that their pods have the old content until something else restarts them.
 */
export function judgeReaders(
  { object, kind, change, after }: Unjudged,
  changes: readonly Unjudged[],
  all: readonly StackObject[],
): Judgement[] {
  if (change !== "changed" || (kind !== "ConfigMap" && kind !== "Secret")) return [];
  const { name, namespace } = (after as StackObject).object.metadata;
  const restarting = new Set(
    changes
      .filter(({ fields }) => fields.some(({ path }) => isWithin(path, "spec.template")))
      .map((each) => each.object),
  );
  const readers = all
    .filter((each) => each.object.metadata.namespace === namespace && reads(each, kind, name))
    .map((each) => nameOf(each.object))
    .filter((reader) => reader !== object && !restarting.has(reader));
  if (readers.length === 0) return [];
  const who = readers.map((reader) => (reader === AGENT ? `the agents (${AGENT})` : reader));
  const what = `read at the next restart by ${who.join(", ")}: no checksum in the template restarts them now`;
  return [{ effect: "harmless", what, paths: [] }];
}

/** Whether the pods of a workload get a ConfigMap or Secret: as a volume, or in variables. */
function reads({ object }: StackObject, kind: string, name: string): boolean {
  const template = (object.spec as { readonly template?: unknown } | undefined)?.template;
  return refersTo(template, kind === "Secret" ? SECRET : CONFIG_MAP, name);
}

const CONFIG_MAP = ["configMap", "configMapRef", "configMapKeyRef"];
const SECRET = ["secret", "secretRef", "secretKeyRef"];

function refersTo(value: unknown, keys: readonly string[], name: string): boolean {
  if (Array.isArray(value)) return value.some((each) => refersTo(each, keys, name));
  if (!isPlainObject(value)) return false;
  return Object.entries(value).some(
    ([key, inner]) =>
      (keys.includes(key) &&
        isPlainObject(inner) &&
        (inner.name === name || inner.secretName === name)) ||
      refersTo(inner, keys, name),
  );
}
