import { firstOf } from "../../config";
import { loadCluster } from "../../kubernetes/client";
import { foreignObjects } from "../../kubernetes/foreignObjects";
import { readVariable, runStep } from "./runStep";

/**
 * Stops a destroy, before anything is removed, while there are objects that would be lost with the CRDs: all objects of
 * the Gateway API's kinds and of Cilium's but for the stack's own.
 */
async function guardDestroy(): Promise<void> {
  const gatewayApi = readVariable("TALOS_CILIUM_CRDS").split(" ");
  const own = JSON.parse(readVariable("TALOS_CILIUM_OWN_OBJECTS"));
  const cluster = loadCluster({ context: process.env.KUBE_CONTEXT });
  const objects = await foreignObjects(cluster, gatewayApi, own);
  if (objects.length > 0) {
    throw new Error(
      `nothing was removed: objects would be lost with their CRDs (${firstOf(objects)}); save and delete them, ` +
        "or leave the CRDs in the cluster with cilium.retainOnDelete: true and pulumi up; then run pulumi destroy again",
    );
  }
}

runStep(guardDestroy);
