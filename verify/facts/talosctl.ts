import type { V1Node } from "@kubernetes/client-node";
import { execa } from "execa";
import { parseAllDocuments } from "yaml";
import { z } from "zod";
import { internalIps } from "../../kubernetes/nodeStatus";

/**
 * A resource as `talosctl get kubeprismstatuses -o yaml` prints it, a document for each node that answered
 * (Talos, pkg/machinery/resources/k8s/kubeprism.go).
 */
const resource = z.object({ node: z.string(), spec: z.object({ healthy: z.boolean() }) });

/**
 * Asks Talos on each node whether its KubePrism has a healthy API server.
 * @param context context in talosconfig.
 * @returns by node name; also false for a node that does not answer.
 * @throws Error when talosctl is not available, reaches no node, or prints another form.
 */
export async function fetchKubePrism(
  context: string,
  nodes: readonly V1Node[],
): Promise<Map<string, boolean>> {
  const named = nodes.map(
    (node) => [node.metadata?.name ?? "", internalIps(node)[0] ?? ""] as const,
  );
  const addresses = named.map(([, address]) => address).join(",");
  const args = ["--context", context, "--nodes", addresses, "get", "kubeprismstatuses"];
  // It fails when one node does not answer, but prints the answers of the others.
  const { stdout, stderr, code } = await execa("talosctl", [...args, "--output", "yaml"], {
    reject: false,
    timeout: 60_000,
  });
  if (code === "ENOENT") {
    throw new Error("talosctl is not on PATH; install it, or leave out --talos-context");
  }
  const statuses = parseAllDocuments(stdout).flatMap((document) => {
    const parsed = resource.safeParse(document.toJS());
    if (document.toJS() !== null && !parsed.success) {
      throw new Error(`talosctl get kubeprismstatuses printed something unknown (${parsed.error})`);
    }
    return parsed.success ? [parsed.data] : [];
  });
  if (statuses.length === 0) throw new Error(`talosctl reached no node (${stderr.trim()})`);
  return new Map(
    named.map(([name, address]) => {
      const own = statuses.filter(({ node }) => node === address);
      return [name, own.length > 0 && own.every(({ spec }) => spec.healthy)];
    }),
  );
}
