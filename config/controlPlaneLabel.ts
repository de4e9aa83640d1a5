import type { Settings } from "./schema";

/** Label of every control plane, on Talos as elsewhere. */
export const CONTROL_PLANE_LABEL = "node-role.kubernetes.io/control-plane";

/** Whether a selector of nodes leaves the control planes out by their label. */
export function leavesOutControlPlanes({
  matchExpressions = [],
}: Settings["bgp"]["nodeSelector"]): boolean {
  return matchExpressions.some(
    ({ key, operator }) => key === CONTROL_PLANE_LABEL && operator === "DoesNotExist",
  );
}
