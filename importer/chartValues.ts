import { isDeepStrictEqual } from "node:util";
import { isPlainObject } from "es-toolkit/predicate/isPlainObject";
import {
  chartDefault,
  GATEWAY_API_ANNOTATION,
  isSameValue,
  managedValues,
  TALOS_VALUES,
  type UnknownValue,
  VALUE_MAPPINGS,
  valueAt,
} from "../config";
import { isSaid } from "./chartDefaults";
import { type Change, harmOfValue, type Missing } from "./importReport";
import { REQUIRED, readWithStandIns } from "./standIns";
import { type Leaf, leavesOf, pathsMeet, removeAt, showValue, type Tree } from "./tree";

/** Mappings by their paths in the chart's values. */
const MAPPINGS = new Map(VALUE_MAPPINGS.map((mapping) => [mapping.path, mapping]));

/** The chart's values by where they go: to a key of the configuration, to cilium.values, or nowhere. */
export interface DividedValues {
  readonly managed: readonly Leaf[];
  readonly user: readonly Leaf[];
  /** Paths of values that the program sets to the same, or that say what the chart does anyway. */
  readonly already: readonly string[];
  readonly changes: readonly Change[];
}

/** @param unknownValues those of the values that the stack's chart does not have. */
export function divideValues(values: Tree, unknownValues: readonly UnknownValue[]): DividedValues {
  const [managed, user]: [Leaf[], Leaf[]] = [[], []];
  const already: string[] = [];
  // To JavaScript it is an object's prototype; it has a line of its own.
  const unknown = unknownValues.filter(({ keys }) => !keys.includes("__proto__"));
  const dead = unknown.filter(({ isCertain }) => isCertain);
  const changes: Change[] = unknown.map(({ path, wrong, fix, isCertain }) => ({
    harm: "other",
    what: path,
    why: `${isCertain ? "left out, as it does nothing" : "kept"}: ${wrong}; ${fix}`,
  }));
  for (const leaf of leavesOf(values, new Set(MAPPINGS.keys()))) {
    const { keys, path, value } = leaf;
    const what = describeValue(path, value);
    if (dead.some((other) => other.keys.every((key, index) => key === keys[index]))) continue;
    if (value === null) {
      // Of a value whose default is nothing, null is what the chart has; the program leaves out values that are null.
      if (MAPPINGS.has(path)) already.push(path);
      else
        changes.push({
          harm: "other",
          what,
          why: "left out: the chart's default comes back, as the program passes no null",
        });
    }
    // The schema of cilium.values ignores it.
    else if (keys.includes("__proto__"))
      changes.push({ harm: "other", what, why: "left out: no key can have this name" });
    else if (isSetByProgram(path, value) && !isOfNoGateway(path, values)) already.push(path);
    else if (MAPPINGS.has(path)) managed.push(leaf);
    else user.push(leaf);
  }
  return { managed, user, already, changes };
}

/**
 * Reads keys of the configuration from the chart's values.
 * @param values with the chart's defaults: a key whose value is absent becomes what the chart does without it.
 */
export function keysFrom(values: Tree): [key: string, value: unknown][] {
  return VALUE_MAPPINGS.flatMap(({ path, key, fromChart }) => {
    const value = valueAt(values, path);
    // The pods' addresses are read apart from the others (podCidrs.ts).
    if (value === undefined || value === null || key === "network.podCidrs") return [];
    const read = fromChart?.(value, values);
    return read === undefined ? [] : [[key, read]];
  });
}

/**
 * Removes each key without which the program sets the same values. To compare a key with its default in the schema would
 * not find them all: some defaults depend on other keys (operatorReplicas on the nodes, services on the pools), and some
 * keys have no effect beside others.
 * @param expected keys that stay in any case.
 */
export function removeNeedlessKeys(config: Tree, expected: readonly string[]): void {
  const { settings, missing } = readWithStandIns(config);
  const set = managedValues(settings);
  const stay = [...expected, ...[...REQUIRED, ...missing].map(({ path }) => path)];
  for (const key of new Set(
    VALUE_MAPPINGS.filter(({ fromChart }) => fromChart).map(({ key }) => key),
  )) {
    if (stay.some((other) => pathsMeet(other, key))) continue;
    if (valueAt(config, key) === undefined) continue;
    const without = structuredClone(config);
    removeAt(without, key.split("."));
    if (isDeepStrictEqual(managedValues(readWithStandIns(without).settings), set)) {
      removeAt(config, key.split("."));
    }
  }
}

/**
 * Compares each value that the program sets with what the chart would do by the owner's values, said or not.
 * @param values the owner's values.
 * @param complete the same with the chart's defaults.
 */
export function compareValues(
  managed: readonly Leaf[],
  config: Tree,
  values: Tree,
  complete: Tree,
): { kept: Leaf[]; changes: Change[]; missing: Missing[] } {
  const { settings, missing: misshapen } = readWithStandIns(config);
  const set = new Map(managedValues(settings).map(({ path, value }) => [path, value]));
  const said = new Map(managed.map((leaf) => [leaf.path, leaf]));
  const kept: Leaf[] = [];
  const [changes, missing]: [Change[], Missing[]] = [[], []];
  /** Values that nobody wrote, and that the program sets otherwise than the chart. */
  const unsaid: Unsaid[] = [];

  for (const mapping of VALUE_MAPPINGS) {
    const { path, key, fromChart, keepUnmanaged, yields, exact, notRead, byHand } = mapping;
    const leaf = said.get(path);
    const before = leaf?.value ?? chartDefault(path);
    const after = set.get(path) ?? chartDefault(path);
    if (keepUnmanaged && leaf !== undefined && set.get(path) === undefined) {
      if (!isSameValue(leaf.value, chartDefault(path))) kept.push(leaf);
      continue;
    }
    if (isSameValue(before, after) || (isEmpty(before) && isEmpty(after))) continue;
    if (yields && notRead !== undefined && leaf !== undefined) {
      kept.push(leaf);
      continue;
    }
    // The report names the key as missing, and its value depends on what is written.
    const isAsked = misshapen.some((other) => pathsMeet(other.path, key));
    if (isAsked && (byHand !== undefined || fromChart !== undefined)) continue;
    // A stand-in for the pod CIDRs has both families.
    if (isAsked && path === "k8s.requireIPv6PodCIDR" && !isIpv6On(complete)) continue;
    if (isAsked && path === "k8s.requireIPv4PodCIDR" && !isIpv4On(complete)) continue;
    const isCarriedOver =
      fromChart !== undefined &&
      !exact &&
      before !== undefined &&
      (isDeepStrictEqual(fromChart(before, complete), valueAt(settings, key)) ||
        isDeepStrictEqual(fromChart(before, complete), fromChart(after, complete)));
    if (isCarriedOver) continue;
    if (byHand !== undefined && leaf !== undefined) missing.push({ path: key, why: byHand });
    else if (leaf === undefined) unsaid.push({ path, key, before, after });
    else {
      const because = notRead === undefined ? "" : ` (${notRead})`;
      const result = after === undefined ? "is left out" : `becomes ${showValue(after)}`;
      changes.push({
        harm: harmOfValue(path),
        what: describeValue(path, leaf.value),
        why: `${result}: ${key} decides this value${because}`,
      });
    }
  }
  for (const path of Object.keys(TALOS_VALUES)) {
    // The mode of IPAM is kept as it is.
    if (isSaid(values, path) || path === "ipam.mode") continue;
    if (path.startsWith("gatewayAPI.") && !settings.gatewayApi.enabled) continue;
    const [before, after] = [chartDefault(path), set.get(path) ?? TALOS_VALUES[path]];
    if (!isSameValue(before, after)) unsaid.push({ path, key: "Talos", before, after });
  }
  if (settings.gatewayApi.enabled && !hasDigest(values)) {
    const path = `operator.podAnnotations.${GATEWAY_API_ANNOTATION}`;
    unsaid.push({ path, key: "gatewayApi", before: undefined, after: "a digest of the CRDs" });
  }
  return { kept, changes: [...changes, ...changesOf(unsaid)], missing };
}

function hasDigest(values: Tree): boolean {
  const annotations = valueAt(values, "operator.podAnnotations");
  return isPlainObject(annotations) && Object.hasOwn(annotations, GATEWAY_API_ANNOTATION);
}

/** A value that nobody wrote, and that the program sets otherwise than the chart. */
interface Unsaid {
  readonly path: string;
  readonly key: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** Those that are felt one by one, the Gateway API's in one line, and the others in one. */
function changesOf(unsaid: readonly Unsaid[]): Change[] {
  const ofGateways = unsaid.filter(({ path }) => path.startsWith("gatewayAPI."));
  const felt = unsaid.filter(
    (each) =>
      !ofGateways.includes(each) && !UNFELT.has(each.path) && harmOfValue(each.path) !== "other",
  );
  const others = unsaid.filter((each) => !ofGateways.includes(each) && !felt.includes(each));
  return [
    ...felt.map((each) => ({
      harm: harmOfValue(each.path),
      what: describeUnsaid(each),
      why: REASONS[each.path] ?? `absent in the values; ${each.key} decides it`,
    })),
    ...inOneLine(
      "Services and Gateways",
      ofGateways,
      "absent in the values; the program turns the Gateway API on and becomes the owner of its CRDs, while another Gateway controller in the cluster keeps its own GatewayClass",
    ),
    ...inOneLine(
      "other",
      others,
      "absent in the values, and set by the program; agents and operators restart once",
    ),
  ];
}

function inOneLine(harm: Change["harm"], unsaid: readonly Unsaid[], why: string): Change[] {
  return unsaid.length === 0 ? [] : [{ harm, what: unsaid.map(describeUnsaid).join(", "), why }];
}

function describeUnsaid({ path, before, after }: Unsaid): string {
  const show = (value: unknown) => (value === undefined ? "nothing" : short(value));
  return `${path} (${show(before)} → ${show(after)})`;
}

/**
 * Values whose change no packet feels. Without eBPF masquerading an agent routes by the host's network stack in any
 * case; with the pod CIDR required it waits for it, and does not guess one.
 */
const UNFELT = new Set([
  "bpf.hostLegacyRouting",
  "k8s.requireIPv4PodCIDR",
  "k8s.requireIPv6PodCIDR",
]);

/** Why the program sets values that nobody wrote. */
const REASONS: Readonly<Record<string, string>> = {
  "l2announcements.enabled":
    "absent in the values; there is a policy, which announces nothing without it",
  "bgpControlPlane.enabled":
    "absent in the values; there are BGP manifests, which do nothing without it",
};

function isIpv6On(complete: Tree): boolean {
  return valueAt(complete, "ipv6.enabled") === true;
}

function isIpv4On(complete: Tree): boolean {
  return valueAt(complete, "ipv4.enabled") !== false;
}

function short(value: unknown): string {
  const isOfCapabilities = Array.isArray(value) && value.includes("SYS_ADMIN");
  return isOfCapabilities ? "without SYS_MODULE" : showValue(value);
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === "" || (Array.isArray(value) && value.length === 0);
}

/** Whether a value is about Gateways where there are none. */
function isOfNoGateway(path: string, values: Tree): boolean {
  return path.startsWith("gatewayAPI.") && valueAt(values, "gatewayAPI.enabled") !== true;
}

/** Whether the program sets a value to the same for every stack; the order of a list (capabilities) does not matter. */
function isSetByProgram(path: string, value: unknown): boolean {
  // The value is a digest of the CRDs, which the program knows better.
  if (path === `operator.podAnnotations.${GATEWAY_API_ANNOTATION}`) return true;
  return (
    Object.hasOwn(TALOS_VALUES, path) && isSameValue(sorted(TALOS_VALUES[path]), sorted(value))
  );
}

function sorted(value: unknown): unknown {
  return Array.isArray(value) ? [...value].sort() : value;
}

function describeValue(path: string, value: unknown): string {
  return `${path} (${showValue(value)})`;
}
