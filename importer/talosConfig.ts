import { isPlainObject } from "es-toolkit/predicate/isPlainObject";
import { valueAt } from "../config";
import { asTrees, type Tree } from "./tree";

/** Keys of the configuration, and where Talos' machine config (v1alpha1) has them. */
const KEYS: readonly [key: string, path: string][] = [
  ["network.podCidrs", "cluster.network.podSubnets"],
  ["network.serviceCidrs", "cluster.network.serviceSubnets"],
  ["talos.forwardKubeDnsToHost", "machine.features.hostDNS.forwardKubeDNSToHost"],
];

/** What a machine config may have in cluster, where Cilium's values have name and id. */
const OF_CLUSTER =
  "network proxy inlineManifests extraManifests apiServer controllerManager scheduler etcd discovery controlPlane coreDNS".split(
    " ",
  );

/** A manifest that a machine config holds as text. */
export interface InlineManifest {
  readonly name: string;
  readonly text: string;
}

/** The manifests that a machine config, a patch of one or an Omni cluster template makes Talos apply. */
export function inlineManifestsIn(document: Tree): InlineManifest[] {
  return partsOf(document)
    .flatMap((part) => asTrees(valueAt(part, "cluster.inlineManifests")))
    .flatMap(({ name, contents }) =>
      typeof contents === "string" ? [{ name: String(name), text: contents }] : [],
    );
}

/** The document itself, and the patches that an Omni cluster template has in line. */
function partsOf(document: Tree): Tree[] {
  return asTrees([document, ...asTrees(document.patches).map(({ inline }) => inline)]);
}

/**
 * Keys of the configuration that a machine config or a patch of one says; those of an Omni cluster template, too.
 * Undefined for any other document.
 */
export function readMachineConfig(document: Tree): Record<string, unknown> | undefined {
  if (
    typeof document.kind === "string" &&
    !["Cluster", "ControlPlane", "Workers"].includes(document.kind)
  ) {
    return undefined;
  }
  const machine = partsOf(document).filter(
    (part) =>
      isPlainObject(part.machine) ||
      OF_CLUSTER.some((key) => valueAt(part, `cluster.${key}`) !== undefined),
  );
  if (machine.length === 0) return undefined;
  const said = machine.flatMap((part) =>
    KEYS.map(([key, path]) => [key, valueAt(part, path)]).filter(
      ([, value]) => value !== undefined,
    ),
  );
  return Object.fromEntries(said) as Record<string, unknown>;
}
