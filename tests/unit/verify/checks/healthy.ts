import type { Settings } from "../../../../config";
import { policySpec, poolSpec } from "../../../../config/derived/loadBalancingSpecs";
import { readStackSettings } from "../../../../config/stackFile";
import { labNodes } from "../../../../lab/controlPlane/nodes";
import type { AgentReport } from "../../../../verify/facts/agentReport";
import type { AgentAnswer, Facts } from "../../../../verify/facts/facts";
import { STACKS } from "../../../support/stacks";

/** What the lab's stack asks for. */
export const settings: Settings = readStackSettings("lab", STACKS);

/** Facts that may be changed; each test makes its own. */
export type Broken = { -readonly [K in keyof Facts]: Facts[K] };

const CONFIG = { "enable-gateway-api": "true", "routing-mode": "native" };

/** A cluster in which all is as the lab's stack asks, with one Service, announced by its last node. */
export function healthy(): Broken {
  const nodes = labNodes(settings);
  const condition = (type: string, more = {}) => ({ type, status: "True", ...more });
  const template = (image: string) => ({
    spec: {
      containers: [
        {
          name: "first",
          image: `quay.io/cilium/${image}:v${settings.cilium.version}@sha256:0123`,
          env: [
            { name: "KUBERNETES_SERVICE_HOST", value: "localhost" },
            { name: "KUBERNETES_SERVICE_PORT", value: "7445" },
          ],
        },
      ],
    },
  });
  const inSystem = (name: string) => ({
    name,
    namespace: "kube-system",
    generation: 1,
    managedFields: [{ manager: "pulumi-kubernetes", operation: "Update" }],
  });
  return {
    crds: ["gatewayclasses", "gateways", "httproutes", "grpcroutes", "referencegrants"].map(
      (plural) => ({
        metadata: {
          name: `${plural}.gateway.networking.k8s.io`,
          annotations: {
            "gateway.networking.k8s.io/bundle-version": settings.gatewayApi.version ?? "none",
            "gateway.networking.k8s.io/channel": settings.gatewayApi.channel,
          },
        },
        spec: {
          group: "gateway.networking.k8s.io",
          names: { plural, kind: plural },
          scope: "Namespaced",
          versions: [],
        },
        status: { conditions: [condition("Established")] },
      }),
    ),
    gatewayClasses: [
      {
        metadata: { name: "cilium" },
        spec: { controllerName: "io.cilium/gateway-controller" },
        status: { conditions: [condition("Accepted")] },
      },
    ] as unknown as Facts["gatewayClasses"],
    nodes: nodes.map(({ name, address }, index) => ({
      metadata: { name, labels: { "kubernetes.io/os": "linux" } },
      spec: { podCIDRs: [`10.14.${index}.0/24`] },
      status: {
        addresses: [{ type: "InternalIP", address }],
        conditions: [condition("Ready")],
      },
    })),
    daemonSets: [
      {
        metadata: inSystem("cilium"),
        spec: { selector: {}, template: template("cilium") },
        status: {
          observedGeneration: 1,
          currentNumberScheduled: 5,
          numberMisscheduled: 0,
          desiredNumberScheduled: 5,
          updatedNumberScheduled: 5,
          numberReady: 5,
        },
      },
    ],
    operator: {
      metadata: inSystem("cilium-operator"),
      spec: { replicas: 2, selector: {}, template: template("operator-generic") },
      status: { observedGeneration: 1, readyReplicas: 2, updatedReplicas: 2 },
    },
    agents: nodes.map(({ name }) => ({
      metadata: { name: `cilium-${name}` },
      spec: { ...template("cilium").spec, nodeName: name },
      status: { conditions: [condition("Ready", { lastTransitionTime: new Date(0) })] },
    })),
    configMap: { metadata: inSystem("cilium-config"), data: { ...CONFIG } },
    releases: [
      {
        name: "cilium",
        namespace: "kube-system",
        revision: 3,
        state: "deployed",
        chart: "cilium",
        chartVersion: settings.cilium.version,
        ciliumConfig: { ...CONFIG },
      },
    ],
    pools: settings.loadBalancing.pools.map((pool) => ({
      metadata: { name: pool.name },
      spec: poolSpec(pool),
      status: {
        conditions: [
          { type: "cilium.io/PoolConflict", status: "False" },
          condition("cilium.io/IPsAvailable", { message: "49" }),
          condition("cilium.io/IPsTotal", { message: "50" }),
        ],
      },
    })) as unknown as Facts["pools"],
    policies: settings.loadBalancing.policies.map((policy) => ({
      metadata: { name: policy.name },
      spec: policySpec(policy),
    })),
    services: [service("web", "192.168.10.50")],
    leases: [
      {
        metadata: { name: "cilium-l2announce-default-web" },
        spec: { holderIdentity: nodes.at(-1)?.name ?? "" },
      },
    ],
    agentAnswers: new Map(
      nodes.map(({ name }, index): [string, AgentAnswer] => [
        name,
        { report: agentReport(index === nodes.length - 1 ? ["192.168.10.50"] : []) },
      ]),
    ),
    kubePrism: new Map(nodes.map(({ name }) => [name, true])),
  };
}

/** A Service of type LoadBalancer that has an address. */
export function service(name: string, ip: string): Facts["services"][number] {
  return {
    metadata: { name, namespace: "default", labels: { app: name } },
    spec: { type: "LoadBalancer" },
    status: { loadBalancer: { ingress: [{ ip }] } },
  };
}

function agentReport(announced: readonly string[]): AgentReport {
  return {
    status: {
      cilium: { state: "Ok" },
      kubernetes: { state: "Ok" },
      cluster: {
        ciliumHealth: { state: "Ok" },
      },
      controllers: [{ name: "sync", status: {} }],
      "kube-proxy-replacement": {
        mode: "True",
        directRoutingDevice: "eth0",
        deviceList: [{ name: "eth0", ip: ["192.168.10.100"] }],
      },
      masquerading: { enabled: true, mode: "BPF" },
      routing: { "inter-host-routing-mode": "Native", "intra-host-routing-mode": "Legacy" },
    },
    health: {
      interval: "1m36s",
      paths: labNodes(settings).flatMap(({ name, address }) =>
        (["host", "pod"] as const).map((to) => ({
          ...{ node: name, to, ip: address, by: "http" as const, problem: "" },
          probed: new Date(3_600_000),
        })),
      ),
    },
    knownNodes: labNodes(settings).map(({ name }) => name),
    mtu: 1500,
    announced,
    config: { ...CONFIG, "config-sources": "[]" },
  };
}

/** Changes what the agent of the first node tells. */
export function changeAgent(facts: Broken, change: (report: AgentReport) => AgentReport): void {
  const [[node, answer] = ["", undefined]] = facts.agentAnswers;
  if (answer === undefined || !("report" in answer)) throw new Error("no agent");
  facts.agentAnswers = new Map([...facts.agentAnswers, [node, { report: change(answer.report) }]]);
}
