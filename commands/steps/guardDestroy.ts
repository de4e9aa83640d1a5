import { firstOf } from "../../config";
import { describeError, loadCluster } from "../../kubernetes/client";
import { foreignObjects } from "../../kubernetes/foreignObjects";

/**
 * Stops a destroy, before anything is removed, while there are objects that would be lost with the CRDs: all of
 * GATEWAY_API_CRDS and of Cilium's, but for the stack's OWN.
 */
async function guardDestroy(): Promise<void> {
  const { GATEWAY_API_CRDS = "", OWN = "[]" } = process.env;
  const cluster = loadCluster({ context: process.env.KUBE_CONTEXT });
  const objects = await foreignObjects(cluster, GATEWAY_API_CRDS.split(" "), JSON.parse(OWN));
  if (objects.length > 0) {
    throw new Error(
      `nothing was removed: objects would be lost with their CRDs (${firstOf(objects)}); save and delete them, ` +
        "or leave the CRDs in the cluster with cilium.retainOnDelete: true and pulumi up; then run pulumi destroy again",
    );
  }
}

guardDestroy().catch((error) => {
  console.error(describeError(error));
  process.exitCode = 1;
});
