import {
  ApiextensionsV1Api,
  CoordinationV1Api,
  CoreV1Api,
  type KubeConfig,
  type V1CustomResourceDefinition,
} from "@kubernetes/client-node";
import { CILIUM_CRDS, firstOf } from "../../config";
import { ignoreNotFound, loadCluster, retryTransient } from "../../kubernetes/client";
import { foreignObjects } from "../../kubernetes/foreignObjects";
import { until } from "../../kubernetes/until";
import { runStep } from "./runStep";

/** For the pods, and again for the CRDs. */
const TIMEOUT_SECONDS = 300;

const NAMESPACE = "kube-system";

/** Leases of Cilium's operator and agents. */
const LEASES = /^cilium-(operator-resource-lock$|l2announce-)/;

/**
 * Removes what Cilium made at run time and Helm does not know of, once the Release is gone: the CRDs that its operator
 * registered, with the objects of its own, and its leases. While a CRD has objects that are the user's, it deletes
 * nothing, and fails with their names.
 */
async function removeCiliumLeftovers(): Promise<void> {
  const cluster = loadCluster({ context: process.env.KUBE_CONTEXT });
  await untilGone("Cilium's pods still run", () => ciliumPods(cluster));

  const users = await foreignObjects(cluster, []);
  if (users.length > 0) {
    throw new Error(
      `Cilium's CRDs are kept, as they hold objects that would be lost with them (${firstOf(users)}); ` +
        "save and delete these, then run pulumi destroy again",
    );
  }
  await untilGone("Cilium's CRDs are still there", () => deleteCrds(cluster));
  await removeLeases(cluster);
}

/** Waits until no object of a list is left. */
async function untilGone(problem: string, listNames: () => Promise<string[]>): Promise<void> {
  const options = { seconds: TIMEOUT_SECONDS, interval: 1000 };
  const left = await until(listNames, (names) => names.length === 0, options);
  if (left.length > 0) {
    throw new Error(
      `${problem} after ${TIMEOUT_SECONDS} s (${left.join(", ")}); see what holds them: ` +
        "kubectl get them with -o yaml, and look at metadata.finalizers and status",
    );
  }
}

/** Helm does not wait for these pods, and an operator that still runs would register its CRDs again. */
async function ciliumPods(cluster: KubeConfig): Promise<string[]> {
  const { items } = await cluster.makeApiClient(CoreV1Api).listNamespacedPod({
    namespace: NAMESPACE,
    labelSelector:
      "app.kubernetes.io/part-of=cilium,app.kubernetes.io/name in (cilium-agent,cilium-operator)",
  });
  return items.map(({ metadata }) => metadata?.name ?? "");
}

/** Deletes the CRDs that are not being deleted yet; returns the names of all that are left. */
async function deleteCrds(cluster: KubeConfig): Promise<string[]> {
  const api = cluster.makeApiClient(ApiextensionsV1Api);
  const crds = await ciliumCrds(cluster);
  for (const { metadata } of crds.filter((crd) => crd.metadata?.deletionTimestamp === undefined)) {
    const name = metadata?.name ?? "";
    await ignoreNotFound(() => api.deleteCustomResourceDefinition({ name }));
  }
  return crds.map(({ metadata }) => metadata?.name ?? "");
}

async function ciliumCrds(cluster: KubeConfig): Promise<V1CustomResourceDefinition[]> {
  const { items } = await cluster.makeApiClient(ApiextensionsV1Api).listCustomResourceDefinition();
  return items.filter(({ metadata }) => CILIUM_CRDS.includes(metadata?.name ?? ""));
}

async function removeLeases(cluster: KubeConfig): Promise<void> {
  const api = cluster.makeApiClient(CoordinationV1Api);
  const { items } = await api.listNamespacedLease({ namespace: NAMESPACE });
  for (const name of items.map(({ metadata }) => metadata?.name ?? "")) {
    if (LEASES.test(name))
      await ignoreNotFound(() => api.deleteNamespacedLease({ namespace: NAMESPACE, name }));
  }
}

runStep(() => retryTransient(removeCiliumLeftovers));
