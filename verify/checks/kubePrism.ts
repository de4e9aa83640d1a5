import { count } from "../../config";
import { defineCheck, notApplicable, passedUnless } from "./check";

/** What Talos itself says of its KubePrism. */
export const kubePrismStatuses = defineCheck({
  name: "kubeprism",
  title: "KubePrism on every node has a healthy API server",
  judge: ({ kubePrism }) => {
    if (kubePrism === undefined) {
      return notApplicable("talosctl is asked only with --talos-context");
    }
    const findings = [...kubePrism]
      .filter(([, healthy]) => !healthy)
      .map(([node]) => ({
        seen: `${node}: not healthy`,
        expected: "healthy",
        next: `enable machine.features.kubePrism, and see talosctl -n ${node} get kubeprismstatuses,kubeprismendpoints`,
      }));
    return passedUnless(findings, `${count(kubePrism.size, "node")} healthy`);
  },
});
