import { setTimeout as sleep } from "node:timers/promises";
import {
  ApiException,
  ApiextensionsV1Api,
  CoordinationV1Api,
  CustomObjectsApi,
  type KubeConfig,
  type KubernetesObject,
  type V1CustomResourceDefinition,
} from "@kubernetes/client-node";
import { clusterFromEnvironment, describeError, retryTransient } from "./cluster";

/** Seconds until the definitions must be gone. */
const TIMEOUT = 120;

/** Kinds whose objects Cilium itself makes, for its own use; every other object of Cilium's is somebody's work. */
const RUNTIME_STATE = new Set([
  "CiliumBGPNodeConfig",
  "CiliumEndpoint",
  "CiliumEndpointSlice",
  "CiliumIdentity",
  "CiliumNode",
]);

/** Namespace of the release. */
const NAMESPACE = "kube-system";

/** Leases that Cilium's operator and agents make, in the namespace of the release. */
const LEASES = /^cilium-(operator-resource-lock$|l2announce-)/;

/**
 * Removes what Cilium made at run time and Helm knows nothing of, once the release is gone: the definitions that its
 * operator registered, with Cilium's own state, and its leases. It deletes nothing of
 * anybody's: while one of them has objects that Cilium did not make itself, it fails and names them.
 */
async function removeCiliumRemains(): Promise<void> {
  const cluster = clusterFromEnvironment();
  const api = cluster.makeApiClient(ApiextensionsV1Api);
  const objects = cluster.makeApiClient(CustomObjectsApi);

  const crds = await ciliumCrds(api);
  const owned = (await Promise.all(crds.map((crd) => ownedObjects(objects, crd)))).flat();
  if (owned.length > 0) {
    throw new Error(
      `Cilium's CRDs are kept, as they hold objects that would be lost with them (${owned.join(", ")}); ` +
        "save and delete these, then run pulumi destroy again",
    );
  }

  for (const crd of crds) {
    await unlessGone(api.deleteCustomResourceDefinition({ name: nameOf(crd) }));
  }
  const deadline = performance.now() + TIMEOUT * 1000;
  for (let left = await ciliumCrds(api); left.length > 0; left = await ciliumCrds(api)) {
    if (performance.now() > deadline) {
      throw new Error(
        `Cilium's CRDs are still there after ${TIMEOUT} s (${left.map(whyLeft).join(", ")}); ` +
          "see what holds their objects: kubectl get them with -o yaml, and look at metadata.finalizers",
      );
    }
    await sleep(500);
  }
  await removeLeases(cluster);
  console.log(`removed ${crds.map(nameOf).join(", ") || "nothing: there were none"}`);
}

async function ciliumCrds(api: ApiextensionsV1Api): Promise<V1CustomResourceDefinition[]> {
  const { items } = await api.listCustomResourceDefinition();
  return items.filter(({ spec }) => spec.group === "cilium.io");
}

/** Objects of a definition that Cilium did not make itself, as kind/namespace/name. */
async function ownedObjects(
  api: CustomObjectsApi,
  { spec }: V1CustomResourceDefinition,
): Promise<string[]> {
  if (RUNTIME_STATE.has(spec.names.kind)) return [];
  const version = spec.versions.find(({ storage }) => storage)?.name ?? "";
  const { items } = (await api.listCustomObjectForAllNamespaces({
    group: spec.group,
    version,
    plural: spec.names.plural,
  })) as { items: KubernetesObject[] };
  return items.map(({ metadata }) =>
    [spec.names.kind, metadata?.namespace, metadata?.name].filter(Boolean).join("/"),
  );
}

async function removeLeases(cluster: KubeConfig): Promise<void> {
  const api = cluster.makeApiClient(CoordinationV1Api);
  const { items } = await api.listNamespacedLease({ namespace: NAMESPACE });
  for (const name of items.map(({ metadata }) => metadata?.name ?? "")) {
    if (LEASES.test(name))
      await unlessGone(api.deleteNamespacedLease({ namespace: NAMESPACE, name }));
  }
}

async function unlessGone(deletion: Promise<unknown>): Promise<void> {
  try {
    await deletion;
  } catch (error) {
    if (!(error instanceof ApiException && error.code === 404)) throw error;
  }
}

function whyLeft(crd: V1CustomResourceDefinition): string {
  const terminating = crd.status?.conditions?.find(({ type }) => type === "Terminating");
  return `${nameOf(crd)}: ${terminating?.reason ?? "no reason given"} ${terminating?.message ?? ""}`.trim();
}

function nameOf({ metadata }: V1CustomResourceDefinition): string {
  return metadata?.name ?? "";
}

retryTransient(removeCiliumRemains).catch((error) => {
  console.error(describeError(error));
  process.exitCode = 1;
});
