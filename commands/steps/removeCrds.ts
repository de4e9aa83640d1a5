import { ApiextensionsV1Api } from "@kubernetes/client-node";
import { firstOf } from "../../config";
import { ignoreNotFound, loadCluster } from "../../kubernetes/client";
import { listCrds, listObjects } from "../../kubernetes/observeCluster";
import { until } from "../../kubernetes/until";
import { readVariable, runStep } from "./runStep";

/** Seconds until a CRD must be gone. */
const TIMEOUT = 60;

/**
 * Removes the CRDs of TALOS_CILIUM_CRDS, which a new bundle of the Gateway API no longer has. It looks for objects once
 * more right before it deletes each: somebody may have made one since the update began. A CRD that is not there is as it
 * should be.
 */
async function removeCrds(): Promise<void> {
  const names = readVariable("TALOS_CILIUM_CRDS").split(" ");
  const cluster = loadCluster({ context: process.env.KUBE_CONTEXT });
  const api = cluster.makeApiClient(ApiextensionsV1Api);
  const crds = (await listCrds(cluster)).filter(({ name }) => names.includes(name));
  for (const crd of crds) {
    const objects = await listObjects(cluster, [crd]);
    if (objects.length > 0) {
      throw new Error(
        `${crd.name} is kept, as it holds objects that would be lost with it ` +
          `(${firstOf(objects.map(({ text }) => text))}); save and delete them, or leave it out of gatewayApi.removeCrds`,
      );
    }
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

runStep(removeCrds);
