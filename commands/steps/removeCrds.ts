import { ApiextensionsV1Api, type KubeConfig } from "@kubernetes/client-node";
import { firstOf, type ObservedCrd } from "../../config";
import { ignoreNotFound, loadCluster } from "../../kubernetes/client";
import { listCrds, listObjects } from "../../kubernetes/observeCluster";
import { until } from "../../kubernetes/until";
import { readVariable, runStep } from "./runStep";

/** Seconds until a CRD must be gone. */
const TIMEOUT = 60;

/**
 * Removes the CRDs of TALOS_CILIUM_CRDS, which the stack no longer has. It looks for objects before it deletes the first
 * one, and once more right before each: somebody may have made one since the update began. A CRD that is not there is as
 * it should be.
 */
async function removeCrds(): Promise<void> {
  const names = readVariable("TALOS_CILIUM_CRDS").split(" ");
  const cluster = loadCluster({ context: process.env.KUBE_CONTEXT });
  const api = cluster.makeApiClient(ApiextensionsV1Api);
  const crds = (await listCrds(cluster)).filter(({ name }) => names.includes(name));
  await assertEmpty(cluster, crds);
  for (const crd of crds) {
    await assertEmpty(cluster, [crd]);
    const { name } = crd;
    await ignoreNotFound(() => api.deleteCustomResourceDefinition({ name }));
    const left = await until(
      () => ignoreNotFound(() => api.readCustomResourceDefinition({ name })),
      (found) => found === undefined,
      { seconds: TIMEOUT, interval: 500 },
    );
    if (left !== undefined) {
      throw new Error(
        `${name} is still there after ${TIMEOUT} s; see what holds it: kubectl get crd ${name} -o yaml, metadata.finalizers and status`,
      );
    }
    console.log(`${name}: removed`);
  }
}

async function assertEmpty(cluster: KubeConfig, crds: readonly ObservedCrd[]): Promise<void> {
  const objects = await listObjects(cluster, crds);
  if (objects.length === 0) return;
  const names = [...new Set(objects.map(({ crd }) => crd))];
  throw new Error(
    `CRDs are kept, as they hold objects that would be lost with them (${names.join(", ")}: ` +
      `${firstOf(objects.map(({ text }) => text))}); save and delete these, then run pulumi up again`,
  );
}

runStep(removeCrds);
