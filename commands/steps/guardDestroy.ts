import { firstOf } from "../../config";
import { loadCluster } from "../../kubernetes/client";
import { foreignObjects } from "../../kubernetes/foreignObjects";
import { readUid } from "../../kubernetes/observeCluster";
import { readVariable, runStep } from "./runStep";

/**
 * Stops a destroy, before anything is removed, on another cluster than the stack's, and while there are objects that
 * would be lost with the CRDs: all objects of the Gateway API's kinds and of Cilium's but for the stack's own.
 */
async function guardDestroy(): Promise<void> {
  // Empty where the Gateway API is off.
  const gatewayApi = (process.env.TALOS_CILIUM_CRDS ?? "").split(" ");
  const own = JSON.parse(readVariable("TALOS_CILIUM_OWN_OBJECTS"));
  const cluster = loadCluster({ context: process.env.KUBE_CONTEXT });
  const [uid, expected] = [await readUid(cluster), process.env.TALOS_CILIUM_CLUSTER_UID];
  if (expected !== undefined && uid !== expected) {
    throw new Error(
      `nothing was removed: the kubeconfig leads to another cluster than the stack's (UID of kube-system: ${uid}, not ${expected}); ` +
        "correct KUBECONFIG or the context; if the stack's cluster is gone, forget the stack with pulumi stack rm --force",
    );
  }
  const objects = await foreignObjects(cluster, gatewayApi, own);
  if (objects.length > 0) {
    throw new Error(
      `nothing was removed: objects would be lost with their CRDs (${firstOf(objects)}); save and delete them, ` +
        "or leave the CRDs in the cluster with cilium.retainOnDelete: true and pulumi up; then run pulumi destroy again",
    );
  }
}

runStep(guardDestroy);
