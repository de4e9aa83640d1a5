import type { V1ClusterRole } from "@kubernetes/client-node";
import { type Change, changing } from "./changes";
import { AGNHOST, type NetworkLab } from "./networkLab";
import { policy } from "./objects";
import type { Scenario } from "./scenarios";

/** The node that is broken where one is enough. */
const NODE = "talos-tz7-uk1";

/** A rule that refuses connections to a node's kubelet. */
const NO_KUBELET = ["INPUT", "-p", "tcp", "--dport", "10250", "-j", "REJECT"];

/** Faults that agents report, or that show in what they announce. The Service default/web has the pool's first address. */
export function networkScenarios(lab: NetworkLab): Scenario[] {
  return [
    {
      check: "agents-answer",
      name: "a kubelet that cannot be reached",
      finding: new RegExp(
        `^${NODE}: kube-system/cilium-\\w+: sh: Internal error occurred: .*/exec/kube-system/cilium-\\w+/cilium-agent": dial tcp 192\\.168\\.10\\.104:10250: connect: connection refused; expected an answer from the agent; next: kubectl `,
      ),
      break: () => lab.on(NODE, "iptables", "-I", ...NO_KUBELET),
      mend: () => lab.on(NODE, "iptables", "-D", ...NO_KUBELET),
    },
    {
      check: "kube-proxy-replacement",
      name: "an agent that does not replace kube-proxy",
      finding: new RegExp(`^${NODE}: kube-proxy replacement False; expected True; next: kubectl `),
      ...nodeConfig({ "kube-proxy-replacement": "false", "enable-l2-announcements": "false" }),
    },
    {
      check: "routing",
      name: "a tunnel where native routing was asked for",
      finding: new RegExp(`^${NODE}: routing between hosts Tunnel vxlan; expected Native; next: `),
      ...nodeConfig({
        "routing-mode": "tunnel",
        "tunnel-protocol": "vxlan",
        "auto-direct-node-routes": "false",
      }),
    },
    {
      check: "masquerading",
      name: "masquerading in iptables",
      finding: new RegExp(`^${NODE}: masquerading iptables; expected BPF; next: `),
      ...nodeConfig({ "enable-bpf-masquerade": "false" }),
    },
    {
      check: "host-routing",
      name: "eBPF host routing where Talos' DNS needs the host's stack",
      finding: new RegExp(`^${NODE}: routing within the host BPF; expected Legacy; next: `),
      ...nodeConfig({ "enable-host-legacy-routing": "false" }),
    },
    {
      check: "direct-routing-device",
      name: "a direct routing device that is not on the LAN",
      finding: new RegExp(`^${NODE}: direct routing device siderolink; expected eth0; next: `),
      ...withSiderolink(
        nodeConfig({ devices: "eth0 siderolink", "direct-routing-device": "siderolink" }),
      ),
    },
    {
      check: "devices",
      name: "siderolink among the devices",
      finding: new RegExp(`^${NODE}: device siderolink; expected eth0; next: `),
      ...withSiderolink(
        nodeConfig({ devices: "eth0 siderolink", "direct-routing-device": "eth0" }),
      ),
    },
    {
      check: "mtu",
      name: "a smaller MTU on one node",
      finding: new RegExp(`^${NODE}: MTU 1280; expected 1500; next: set routing\\.devices`),
      ...nodeConfig({ mtu: "1280" }),
    },
    {
      check: "agent-config",
      name: "an agent that was started with something else",
      finding: new RegExp(
        `^${NODE}: monitor-aggregation is "none" instead of "medium"; expected the values in cilium-config; next: .*get ciliumnodeconfigs -A$`,
      ),
      ...nodeConfig({ "monitor-aggregation": "none" }),
    },
    {
      check: "controllers",
      name: "a controller that fails over and over",
      finding: new RegExp(
        `^${NODE}: controller sync-to-k8s-ciliumendpoint \\(\\d+\\) failed \\d+ times in a row \\(.*forbidden.*\\); expected no failing controller; next: `,
      ),
      ...withoutRights("ciliumendpoints"),
    },
    {
      check: "cluster-health",
      name: "pods of a node that nobody reaches",
      finding: new RegExp(
        `^pods on ${NODE} \\(10\\.14\\.\\d+\\.\\d+\\): not reached from .* \\(.*\\); expected an answer to every probe; next: check that the network between the nodes`,
      ),
      // As a hypervisor's filter drops packets to addresses that are no machine's.
      ...droppedOnTheWay(),
    },
    {
      check: "service-leases",
      name: "a policy that selects no node",
      finding:
        /^default\/web \(192\.168\.10\.50\): no node holds the lease cilium-l2announce-default-web; expected a holder; next: kubectl -n kube-system logs ds\/cilium/,
      ...policyChanged({
        nodeSelector: { matchLabels: { "kubernetes.io/os": "linux", announces: "yes" } },
      }),
    },
    {
      check: "service-holders",
      name: "a lease of a node that is gone",
      finding:
        /^default\/web \(192\.168\.10\.50\): its lease is held by talos-gone, which is not a node; expected a node; next: the lease moves/,
      ...leaseOf("talos-gone"),
    },
    {
      check: "service-announcements",
      name: "a policy for a device that does not exist",
      finding:
        /^default\/web \(192\.168\.10\.50\): \S+ holds the lease, but announces 192\.168\.10\.50 on no device; expected an entry in the agent's table l2-announce; next: correct interfaces/,
      ...policyChanged({ interfaces: ["^eth9$"] }),
    },
  ];

  /** Settings for one node's agent only, which restarts with them. */
  function nodeConfig(defaults: Record<string, string>): Change {
    const object = {
      apiVersion: "cilium.io/v2",
      kind: "CiliumNodeConfig",
      metadata: { name: "one-node", namespace: "kube-system" },
      spec: { nodeSelector: { matchLabels: { "kubernetes.io/hostname": NODE } }, defaults },
    };
    return {
      break: async () => {
        await lab.create(object);
        await lab.replaceAgent(NODE);
      },
      mend: async () => {
        await lab.delete(object);
        await lab.replaceAgent(NODE);
      },
    };
  }

  /** A second device on the node, like the one through which Omni reaches a machine. */
  function withSiderolink(change: Change): Change {
    const ip = (...args: string[]) => lab.on(NODE, "ip", ...args);
    return {
      break: async () => {
        await ip("link", "add", "siderolink", "type", "veth", "peer", "name", "omni");
        await ip("link", "set", "omni", "up");
        await ip("address", "add", "10.99.0.2/24", "dev", "siderolink");
        await ip("link", "set", "siderolink", "up");
        await change.break();
      },
      mend: async () => {
        await change.mend();
        await ip("link", "delete", "siderolink");
      },
    };
  }

  /** Removes the agents' right to write a kind of object, and creates a pod that they want to write it for. */
  function withoutRights(resource: string): Change {
    let role: V1ClusterRole;
    const object = {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "cilium", namespace: "" },
    };
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "new", namespace: "default" },
      spec: {
        nodeName: NODE,
        terminationGracePeriodSeconds: 1,
        containers: [{ name: "pause", image: AGNHOST, args: ["pause"] }],
      },
    };
    return {
      break: async () => {
        role = (await lab.clients.anything.read(object)) as V1ClusterRole;
        const rules = (role.rules ?? []).flatMap((rule) => {
          if (rule.verbs.every((verb) => ["get", "list", "watch"].includes(verb))) return [rule];
          const resources = rule.resources?.filter((name) => !name.startsWith(resource));
          return resources?.length === 0 ? [] : [{ ...rule, resources }];
        });
        await lab.change({ ...object, rules });
        await lab.create(pod);
      },
      mend: async () => {
        await lab.change({ ...object, rules: role.rules });
        await lab.delete(pod);
      },
    };
  }

  /** Drops what other nodes send to the node's pods. */
  function droppedOnTheWay(): Change {
    const rule = ["FORWARD", "-i", "eth0", "-j", "DROP"];
    return {
      break: () => lab.on(NODE, "iptables", "-I", ...rule),
      mend: () => lab.on(NODE, "iptables", "-D", ...rule),
    };
  }

  /** Changes the policy in the cluster and in the settings. */
  function policyChanged(change: object): Pick<Scenario, "settings" | "break" | "mend"> {
    return {
      ...changing(lab, policy(), { spec: change }),
      settings: ({ loadBalancing, ...others }) => {
        const policies = loadBalancing.policies.map((each) => ({ ...each, ...change }));
        return { ...others, loadBalancing: { ...loadBalancing, policies } };
      },
    };
  }

  /** Has somebody hold the lease of the address for a long time. */
  function leaseOf(holderIdentity: string): Change {
    const lease = {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: { name: "cilium-l2announce-default-web", namespace: "kube-system" },
    };
    const renewTime = new Date().toISOString().replace("Z", "000Z");
    return {
      break: () =>
        lab.change({ ...lease, spec: { holderIdentity, renewTime, leaseDurationSeconds: 86_400 } }),
      mend: () => lab.delete(lease),
    };
  }
}
