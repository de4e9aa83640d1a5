import type { Settings } from "../schema";
import { CONFIG_ENTRIES } from "./configEntries";
import { type HelmValues, valueAt } from "./helmValues";
import { managedValues, VALUE_MAPPINGS } from "./managedValues";
import { TALOS_VALUES, talosValues } from "./talosValues";

/** A value of cilium.values that takes values of others away, or sets what they decide in another place. */
export interface ShadowingValue {
  /** Path in the chart's values, of cilium.values' own. */
  readonly path: string;
  /** What cilium.values sets. */
  readonly user: unknown;
  /** Who decides, and what: each a key of the configuration, or Talos, with the path in the chart's values. */
  readonly owners: readonly string[];
}

/**
 * Values that are null, a scalar or a list where the program has values of its own further down: merged, they would take
 * these away without a word. Null at a value that Talos needs brings the chart's default back.
 */
export function shadowingValues(settings: Settings): ShadowingValue[] {
  const owned = [
    ...managedValues(settings)
      .filter(({ value }) => value !== undefined)
      .map(({ path, key }) => ({ path, owner: key, needed: false })),
    ...talosValues(settings).map(([path]) => ({ path, owner: "Talos", needed: true })),
    // Written by ciliumValues.
    ...(settings.gatewayApi.enabled
      ? [{ path: "operator.podAnnotations", owner: "gatewayApi.version", needed: true }]
      : []),
  ];
  const found = new Map<string, ShadowingValue>();
  for (const { path, owner, needed } of owned) {
    const above = leafAbove(settings.cilium.values, path.split("."));
    if (above === undefined) continue;
    const isLeaf = above.path === path;
    if (isLeaf && !(needed && above.value === null)) continue;
    const owners = [...(found.get(above.path)?.owners ?? []), `${owner}: ${path}`];
    found.set(above.path, { path: above.path, user: above.value, owners });
  }
  return [...found.values()];
}

/** The value that ends a path early, or ends it; undefined where the values have nothing there. */
function leafAbove(
  values: Readonly<Record<string, unknown>>,
  steps: readonly string[],
): { path: string; value: unknown } | undefined {
  let tree: unknown = values;
  for (const [index, step] of steps.entries()) {
    tree = (tree as Readonly<Record<string, unknown>>)[step];
    if (tree === undefined) return undefined;
    const isLeaf = typeof tree !== "object" || tree === null || Array.isArray(tree);
    if (isLeaf) return { path: steps.slice(0, index + 1).join("."), value: tree };
  }
  return undefined;
}

/**
 * Options of Cilium that one of the program's values sets in the ConfigMap (templates/cilium-configmap.yaml), and the user
 * once more: there, or as an argument or a variable of the agents or the operator, which go before the ConfigMap.
 */
export function shadowingConfig({ cilium: { values } }: Settings): ShadowingValue[] {
  const options = [
    ...entriesAt(values, "extraConfig").map(([entry, user]) => ({
      path: `extraConfig.${entry}`,
      option: entry,
      user,
    })),
    ...["", "operator."].flatMap((of) => [
      ...entriesAt(values, `${of}extraArgs`).map(([index, user]) => ({
        path: `${of}extraArgs.${index}`,
        option: /^--?([^=]+)/.exec(String(user))?.[1] ?? "",
        user,
      })),
      ...entriesAt(values, `${of}extraEnv`).map(([index, user]) => ({
        path: `${of}extraEnv.${index}`,
        option: optionOfVariable(String((user as { name?: unknown } | null)?.name)),
        user,
      })),
    ]),
  ];
  return options.flatMap(({ path, option, user }) => {
    // Cilium reads them without regard to case.
    const owner = OWNERS.get(option.toLowerCase());
    return owner === undefined ? [] : [{ path, user, owners: [owner] }];
  });
}

function entriesAt(values: HelmValues, path: string): [string, unknown][] {
  const value = valueAt(values, path);
  return typeof value === "object" && value !== null ? Object.entries(value) : [];
}

/** Option that a variable of the environment sets: CILIUM_ROUTING_MODE, routing-mode. */
function optionOfVariable(name: string): string {
  return (/^CILIUM_(.+)$/.exec(name)?.[1] ?? "").replaceAll("_", "-");
}

/** Entries beside {@link CONFIG_ENTRIES}, which an import reads no value from, and who decides them. */
const OTHER_ENTRIES: Readonly<Record<string, string>> = {
  "bpf-lb-dsr-dispatch": "loadBalancing.mode",
  "enable-gateway-api-alpn": "Talos: gatewayAPI.enableAlpn",
  "enable-gateway-api-app-protocol": "Talos: gatewayAPI.enableAppProtocol",
  "enable-ipsec": "encryption.type",
  "enable-wireguard": "encryption.type",
  "gateway-api-service-externaltrafficpolicy": "loadBalancing.gatewayTrafficPolicy",
  "hubble-metrics": "hubble.metrics",
  "k8s-require-ipv4-pod-cidr": "network.podCidrs",
  "k8s-require-ipv6-pod-cidr": "network.podCidrs",
  "max-connected-clusters": "cluster.maxConnectedClusters",
};

/** Entry of the ConfigMap cilium-config -> who decides it: a key of the configuration, or Talos. */
const OWNERS: ReadonlyMap<string, string> = new Map([
  ...Object.entries(CONFIG_ENTRIES).flatMap(([entry, path]): [string, string][] => {
    const key = VALUE_MAPPINGS.find((mapping) => mapping.path === path)?.key;
    if (key !== undefined) return [[entry, key]];
    return Object.hasOwn(TALOS_VALUES, path) ? [[entry, `Talos: ${path}`]] : [];
  }),
  ...Object.entries(OTHER_ENTRIES),
]);
