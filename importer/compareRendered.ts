import { isDeepStrictEqual } from "node:util";
import { sortBy } from "es-toolkit/array/sortBy";
import { mapValues } from "es-toolkit/object/mapValues";
import { isPlainObject } from "es-toolkit/predicate/isPlainObject";
import { CONFIG_ENTRIES, seconds } from "../config";
import { elementPaths, fieldPath } from "../sources/fieldPaths";
import { chartDefault } from "./chartDefaults";
import { harmOfValue } from "./importReport";
import { isSameValue, type Tree } from "./tree";

/** What a difference does to a cluster that runs, in the order of a report. */
const EFFECTS = [
  "restarts agents",
  "changes the data path",
  "restarts other pods",
  "harmless",
] as const;

/** A difference between the objects of two renderings of a chart. */
export interface Difference {
  readonly effect: (typeof EFFECTS)[number];
  /** The object: `ConfigMap kube-system/cilium-config`. */
  readonly object: string;
  /** Field of the object; empty where all of it came or went. */
  readonly path: string;
  /** What was there, on one line; undefined for nothing. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

type Rendered = Readonly<Tree>;

/** The fields of an object by their paths; of a Secret the keys alone. */
type Fields = ReadonlyMap<string, unknown>;

/**
 * Differences between two renderings, by effect, object and path. Secrets and certificates are made anew by each rendering
 * and are secret, so their contents are neither compared nor shown.
 */
export function compareRendered(
  before: readonly Rendered[],
  after: readonly Rendered[],
): Difference[] {
  const [old, now] = [byName(before), byName(after)];
  const differences = [...new Set([...old.keys(), ...now.keys()])].flatMap((object) => {
    const [a, b] = [old.get(object), now.get(object)];
    if (a === undefined || b === undefined) {
      const [was, is] = [a, b].map((rendered) => (rendered === undefined ? undefined : THERE));
      return [{ effect: effectOfObject(object), object, path: "", before: was, after: is }];
    }
    return differencesOf(object, fieldsOf(a), fieldsOf(b));
  });
  return sortBy(differences, [({ effect }) => EFFECTS.indexOf(effect), "object", "path"]);
}

function differencesOf(object: string, before: Fields, after: Fields): Difference[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])];
  const differing = paths.filter((path) => !isSame(path, before.get(path), after.get(path)));
  // An element of a list that came or went has one line, and its fields have none.
  const wholes = differing.filter((path) => [before, after].some((f) => f.get(path) === THERE));
  return differing
    .filter(
      (path) =>
        !wholes.some((whole) => path.startsWith(`${whole}.`) || path.startsWith(`${whole}[`)),
    )
    .map((path) => {
      const [a, b] = [before.get(path), after.get(path)];
      const isList = Array.isArray(a) && Array.isArray(b);
      return {
        effect: effectOf(object, path, a === undefined ? b : undefined),
        object,
        path: isList ? `${path} (elements)` : path,
        before: show(isList ? without(a, b) : a),
        after: show(isList ? without(b, a) : b),
      };
    });
}

/** An amount is the same as a number and as text, and an entry of cilium-config in other units. */
function isSame(path: string, a: unknown, b: unknown): boolean {
  if (/\.(requests|limits)\./.test(path)) return isSameValue(a, b);
  if (path.startsWith("data.")) return isDeepStrictEqual(seconds(a, {}), seconds(b, {}));
  return isDeepStrictEqual(a, b);
}

function without(list: readonly unknown[], other: readonly unknown[]): readonly unknown[] {
  return list.filter((element) => !other.some((same) => isDeepStrictEqual(element, same)));
}

/** A difference as a line of a report. */
export function describeDifference({ object, path, before, after }: Difference): string {
  return `${object}${path === "" ? "" : `, ${path}`}: ${before ?? "nothing"} → ${after ?? "nothing"}`;
}

function byName(objects: readonly Rendered[]): Map<string, Rendered> {
  return new Map(
    objects.map((object) => {
      const { name = "", namespace } = (object.metadata ?? {}) as Record<string, string>;
      const place = namespace === undefined ? name : `${namespace}/${name}`;
      return [`${object.kind} ${place}`, object];
    }),
  );
}

function fieldsOf(object: Rendered): Fields {
  const fields = new Map<string, unknown>();
  const isSecret = object.kind === "Secret";
  addFields(fields, "", object, (path) => isSecret && /^(data|stringData)\./.test(path));
  return fields;
}

const HIDDEN = "(not shown)";

/** Stands for an element of a list that has a name. */
const THERE = "there";

/** Adds the leaves of a value; elements of a list that have names or are named by them (containers, volumes). */
function addFields(
  fields: Map<string, unknown>,
  path: string,
  value: unknown,
  isHidden: (path: string) => boolean,
): void {
  const elements = Array.isArray(value) ? elementPaths(path, value) : undefined;
  if (isPlainObject(value) && Object.keys(value).length > 0) {
    for (const [key, inner] of Object.entries(value))
      addFields(fields, fieldPath(path, key), inner, isHidden);
  } else if (elements !== undefined) {
    for (const [index, { name: _, ...inner }] of (value as Rendered[]).entries()) {
      const element = elements[index] ?? "";
      fields.set(element, THERE);
      if (Object.keys(inner).length > 0) addFields(fields, element, inner, isHidden);
    }
  } else {
    fields.set(path, isHidden(path) ? HIDDEN : withoutCertificates(path, value));
  }
}

/** The value, with a stand-in for each certificate in it. */
function withoutCertificates(key: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((each) => withoutCertificates(key, each));
  if (isPlainObject(value)) {
    return mapValues(value, (inner, name) => withoutCertificates(String(name), inner));
  }
  return isCertificate(key, value) ? HIDDEN : value;
}

/** Certificates and keys as text, in base64 and in a webhook's field. */
function isCertificate(key: string, value: unknown): boolean {
  return (
    /\bcaBundle$/.test(key) ||
    (typeof value === "string" && /-----BEGIN |LS0tLS1CRUdJTi/.test(value))
  );
}

const AGENT = "DaemonSet kube-system/cilium";
const CONFIG = "ConfigMap kube-system/cilium-config";

/** @param added the value, where there was none. */
function effectOf(object: string, path: string, added: unknown): Difference["effect"] {
  if (object === CONFIG) return effectOfEntry(path.replace(/^data\.("?)(.*)\1$/, "$2"), added);
  if (!path.startsWith("spec.template.")) return effectOfObject(object, path);
  return object === AGENT ? "restarts agents" : "restarts other pods";
}

/** Workloads that come or go are pods that do; the agent's other fields and all other objects change no pod. */
function effectOfObject(object: string, path = ""): Difference["effect"] {
  if (path !== "") return "harmless";
  if (object === AGENT) return "restarts agents";
  return /^(DaemonSet|Deployment|StatefulSet) /.test(object) ? "restarts other pods" : "harmless";
}

/** Entries of cilium-config that no packet feels. */
const UNFELT =
  /^(hubble|enable-hubble|prometheus|operator-|metrics|debug|gops|pprof|proxy-prometheus|controller-group-metrics|monitor|log-|k8s-client|k8s-require|k8s-heartbeat|write-cni|annotate|cgroup-root|config-drift|bpf-events|bpf-map-event|export-aggregation)/;

/** An entry that nobody has judged counts as one of the data path. */
function effectOfEntry(entry: string, added: unknown): Difference["effect"] {
  const value = Object.hasOwn(CONFIG_ENTRIES, entry) ? CONFIG_ENTRIES[entry] : undefined;
  // The chart leaves it out where nobody says it, and the agent does the same without it.
  if (isAgentsDefault(value, added)) return "harmless";
  const isUnfelt =
    value === undefined ? UNFELT.test(entry) : harmOfValue(value) === "other" || UNFELT.test(entry);
  return isUnfelt ? "harmless" : "changes the data path";
}

/** Entries that the chart renders only where the values have them, so that an absent one means the agent's default. */
const LEFT_OUT =
  /^(loadBalancer|l2announcements\.lease|bpf\.(hostLegacyRouting|masquerade)|directRouting)/;

function isAgentsDefault(value: string | undefined, added: unknown): boolean {
  return value !== undefined && LEFT_OUT.test(value) && String(chartDefault(value)) === added;
}

/** A value on one line, cut where it is long. */
function show(value: unknown): string | undefined {
  if (value === undefined || value === THERE || value === HIDDEN) return value;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const [line = ""] = text.split("\n");
  const more = text.includes("\n") || line.length > 100;
  return more ? `${line.slice(0, 100)}… (${text.length} characters)` : JSON.stringify(value);
}
