import assert from "node:assert/strict";
import type { Settings } from "../../../../config";
import {
  type CheckName,
  checks,
  judgeFacts,
  type Result,
  verdictOf,
} from "../../../../verify/checks";
import { agentsAnswer } from "../../../../verify/checks/agents";
import type { Check } from "../../../../verify/checks/check";
import type { ProbedPath } from "../../../../verify/facts/agentReport";
import { describeFinding } from "../../../../verify/report";
import { type Broken, changeAgent, healthy, service, settings } from "./healthy";

/** How to break a cluster so that one check fails, and the beginning of its finding, and the remedy. */
interface Scenario {
  readonly check: CheckName;
  readonly name: string;
  readonly seen: RegExp;
  readonly next: RegExp;
  /** What is asked for, where that is not what the lab's stack says. */
  readonly settings?: Settings;
  /** Changes the facts in place. */
  break(facts: Broken): void;
}

/** A deep copy that a scenario may write to. */
function copyOf<T>(value: T): { -readonly [K in keyof T]: T[K] } {
  return structuredClone(value);
}

const scenarios: readonly Scenario[] = [
  {
    check: "gateway-api-crds",
    name: "CRDs of another release",
    seen: /^CRD gateways\.gateway\.networking\.k8s\.io: v1\.0\.0 experimental/,
    next: /pulumi up --refresh/,
    break: (facts) => {
      const crds = structuredClone(facts.crds) as typeof facts.crds;
      const { annotations = {} } = crds[1]?.metadata ?? {};
      annotations["gateway.networking.k8s.io/bundle-version"] = "v1.0.0";
      facts.crds = crds;
    },
  },
  {
    check: "gateway-api-crds",
    name: "no CRDs at all",
    seen: /^no CRD of gatewayclasses/,
    next: /gatewayApi\.adopt/,
    break: (facts) => {
      facts.crds = [];
    },
  },
  {
    check: "gateway-class",
    name: "an operator that started before the CRDs",
    seen: /^no GatewayClass of io\.cilium\/gateway-controller/,
    next: /rollout restart deployment\/cilium-operator/,
    break: (facts) => {
      facts.gatewayClasses = [];
    },
  },
  {
    check: "gateway-class",
    name: "a GatewayClass that is not accepted",
    seen: /Accepted=False \(no\)/,
    next: /rollout restart deployment\/cilium-operator/,
    break: (facts) => {
      facts.gatewayClasses = facts.gatewayClasses.map((one) => ({
        ...one,
        status: { conditions: [{ type: "Accepted", status: "False", message: "no" }] },
      })) as unknown as Broken["gatewayClasses"];
    },
  },
  {
    check: "helm-release",
    name: "an interrupted update",
    seen: /^revision 3: chart 1\.20\.2, pending-upgrade/,
    next: /helm -n kube-system rollback cilium 2/,
    break: (facts) => {
      facts.releases = facts.releases.map((one) => ({ ...one, state: "pending-upgrade" }));
    },
  },
  {
    check: "helm-release",
    name: "no Release",
    seen: /^no Helm release kube-system\/cilium/,
    next: /pulumi up/,
    break: (facts) => {
      facts.releases = [];
    },
  },
  {
    check: "single-manager",
    name: "a second Helm release",
    seen: /^a second Helm release of cilium: networking\/cni/,
    next: /kubectl -n networking delete secret -l owner=helm,name=cni/,
    break: (facts) => {
      const [own] = facts.releases;
      assert.ok(own);
      facts.releases = [own, { ...own, name: "cni", namespace: "networking" }];
    },
  },
  {
    check: "single-manager",
    name: "Talos applies it, too",
    seen: /^ConfigMap cilium-config has fields that talos manages, which is Talos \(inlineManifests/,
    next: /delete configmap\/cilium-config/,
    break: (facts) => {
      facts.configMap = copyOf(facts.configMap);
      facts.configMap?.metadata?.managedFields?.push({ manager: "talos", operation: "Apply" });
    },
  },
  {
    check: "single-manager",
    name: "somebody installed it with the cilium command",
    seen: /^ConfigMap cilium-config has fields that cilium-cli manages, which is the cilium command/,
    next: /delete configmap\/cilium-config/,
    break: (facts) => {
      facts.configMap = copyOf(facts.configMap);
      facts.configMap?.metadata?.managedFields?.push({ manager: "cilium-cli" });
    },
  },
  {
    check: "single-manager",
    name: "Talos' own network is on",
    seen: /^DaemonSet kube-system\/kube-flannel exists/,
    next: /cluster\.network\.cni\.name: none/,
    break: (facts) => {
      facts.daemonSets = [
        ...facts.daemonSets,
        { metadata: { name: "kube-flannel", namespace: "kube-system" } },
      ];
    },
  },
  {
    check: "no-virtual-address",
    name: "the pool of a virtual address",
    seen: /^CiliumLoadBalancerIPPool vip-pool exists/,
    next: /kubectl delete ciliumloadbalancerippool vip-pool$/,
    break: (facts) => {
      facts.pools = [
        ...facts.pools,
        { ...facts.pools[0], metadata: { name: "vip-pool" } } as Broken["pools"][number],
      ];
    },
  },
  {
    check: "daemonset-rollout",
    name: "an agent that is not ready",
    seen: /^4 ready, 5 updated of 5/,
    next: /get pods -l k8s-app=cilium/,
    break: (facts) => {
      facts.daemonSets = copyOf(facts.daemonSets);
      const status = facts.daemonSets[0]?.status;
      if (status) status.numberReady = 4;
    },
  },
  {
    check: "operator-rollout",
    name: "an operator without a node",
    seen: /^1 ready, 2 updated of 2; expected every replica ready/,
    next: /cilium\.operatorReplicas/,
    break: (facts) => {
      facts.operator = copyOf(facts.operator);
      if (facts.operator?.status) facts.operator.status.readyReplicas = 1;
    },
  },
  {
    check: "image-version",
    name: "another image",
    seen: /^DaemonSet cilium has quay\.io\/cilium\/cilium:v1\.19\.0/,
    next: /cilium\.values/,
    break: (facts) => {
      facts.daemonSets = copyOf(facts.daemonSets);
      const [container] = facts.daemonSets[0]?.spec?.template.spec?.containers ?? [];
      if (container) container.image = "quay.io/cilium/cilium:v1.19.0";
    },
  },
  {
    check: "api-server-address",
    name: "another port of KubePrism",
    seen: /^DaemonSet cilium has localhost:6443/,
    next: /pulumi up --refresh/,
    break: (facts) => {
      facts.daemonSets = copyOf(facts.daemonSets);
      const [container] = facts.daemonSets[0]?.spec?.template.spec?.containers ?? [];
      if (container?.env?.[1]) container.env[1].value = "6443";
    },
  },
  {
    check: "cilium-config",
    name: "an edited ConfigMap",
    seen: /^routing-mode is "tunnel" instead of "native"/,
    next: /pulumi up --refresh/,
    break: (facts) => {
      facts.configMap = {
        ...facts.configMap,
        data: { ...facts.configMap?.data, "routing-mode": "tunnel" },
      };
    },
  },
  {
    check: "kubeprism",
    name: "a node whose KubePrism has no API server",
    seen: /^talos-c7r-dgh: not healthy/,
    next: /talosctl -n talos-c7r-dgh get kubeprismstatuses/,
    break: (facts) => {
      facts.kubePrism = new Map([["talos-c7r-dgh", false]]);
    },
  },
  {
    check: "nodes-on-one-lan",
    name: "a node on another network",
    seen: /^talos-c7r-dgh has 192\.168\.11\.7/,
    next: /validSubnets/,
    break: (facts) => {
      facts.nodes = copyOf(facts.nodes);
      const [address] = facts.nodes[0]?.status?.addresses ?? [];
      if (address) address.address = "192.168.11.7";
    },
  },
  {
    check: "node-pod-cidrs",
    name: "a pod CIDR outside the configured one",
    seen: /^talos-c7r-dgh has 10\.244\.0\.0\/24/,
    next: /talos-patch/,
    break: (facts) => {
      facts.nodes = copyOf(facts.nodes);
      const { spec } = facts.nodes[0] ?? {};
      if (spec) spec.podCIDRs = ["10.244.0.0/24"];
    },
  },
  {
    check: "node-pod-cidrs",
    name: "two nodes with one pod CIDR",
    seen: /^talos-c7r-dgh and talos-8vk-2mz share 10\.14\.1\.0\/24/,
    next: /re-register/,
    break: (facts) => {
      facts.nodes = copyOf(facts.nodes);
      const { spec } = facts.nodes[0] ?? {};
      if (spec) spec.podCIDRs = ["10.14.1.0/24"];
    },
  },
  {
    check: "agents-answer",
    name: "an agent that cannot be asked",
    seen: /^talos-c7r-dgh: no route to host/,
    next: /cilium-dbg status/,
    break: (facts) => {
      facts.agentAnswers = new Map([
        ...facts.agentAnswers,
        ["talos-c7r-dgh", { problem: "no route to host" }],
      ]);
    },
  },
  {
    check: "agents-answer",
    name: "an agent that has lost the API",
    seen: /^talos-c7r-dgh: Kubernetes: Failure \(gone\)/,
    next: /cilium-dbg status/,
    break: (facts) =>
      changeAgent(facts, (report) => ({
        ...report,
        status: { ...report.status, kubernetes: { state: "Failure", msg: "gone" } },
      })),
  },
  {
    check: "agent-config",
    name: "an agent that was started with something else",
    seen: /^talos-c7r-dgh: routing-mode is "tunnel" instead of "native"/,
    next: /rollout restart ds\/cilium/,
    break: (facts) =>
      changeAgent(facts, (report) => ({
        ...report,
        config: { ...report.config, "routing-mode": "tunnel" },
      })),
  },
  {
    check: "kube-proxy-replacement",
    name: "an agent that does not replace kube-proxy",
    seen: /^talos-c7r-dgh: kube-proxy replacement False/,
    next: /cilium-dbg status/,
    break: (facts) => changeProxy(facts, { mode: "False" }),
  },
  {
    check: "routing",
    name: "a tunnel where native routing was asked for",
    seen: /^talos-c7r-dgh: routing between hosts Tunnel vxlan/,
    next: /cilium-dbg status/,
    break: (facts) =>
      changeAgent(facts, (report) => ({
        ...report,
        status: {
          ...report.status,
          routing: {
            "inter-host-routing-mode": "Tunnel",
            "intra-host-routing-mode": "Legacy",
            "tunnel-protocol": "vxlan",
          },
        },
      })),
  },
  {
    check: "host-routing",
    name: "host routing by eBPF where Talos' DNS needs the host's stack",
    seen: /^talos-c7r-dgh: routing within the host BPF; expected Legacy/,
    next: /cilium-dbg status/,
    break: (facts) =>
      changeAgent(facts, (report) => ({
        ...report,
        status: {
          ...report.status,
          routing: { ...report.status.routing, "intra-host-routing-mode": "BPF" },
        },
      })),
  },
  {
    check: "direct-routing-device",
    name: "no direct routing device",
    seen: /^talos-c7r-dgh: direct routing device none/,
    next: /cilium-dbg status/,
    break: (facts) => changeProxy(facts, { directRoutingDevice: undefined }),
  },
  {
    check: "masquerading",
    name: "masquerading in iptables",
    seen: /^talos-c7r-dgh: masquerading iptables/,
    next: /cilium-dbg status/,
    break: (facts) =>
      changeAgent(facts, (report) => ({
        ...report,
        status: { ...report.status, masquerading: { enabled: true, mode: "iptables" } },
      })),
  },
  {
    check: "devices",
    name: "siderolink among the devices",
    seen: /^talos-c7r-dgh: device siderolink/,
    next: /cilium-dbg status/,
    break: (facts) =>
      changeProxy(facts, {
        deviceList: [
          { name: "eth0", ip: ["192.168.10.100"] },
          { name: "siderolink", ip: ["fdae::1"] },
        ],
      }),
  },
  {
    check: "mtu",
    name: "a smaller MTU on one node",
    seen: /^talos-c7r-dgh: MTU 1280; expected 1500/,
    next: /siderolink has 1280/,
    break: (facts) => changeAgent(facts, (report) => ({ ...report, mtu: 1280 })),
  },
  {
    check: "cluster-health",
    name: "an agent that does not know a node",
    seen: /^talos-c7r-dgh: does not know talos-8vk-2mz, .*, 1 more;/,
    next: /get ciliumnodes/,
    break: (facts) =>
      changeAgent(facts, (report) => ({ ...report, knownNodes: ["talos-c7r-dgh"] })),
  },
  {
    check: "cluster-health",
    name: "pods of a node that are not reached",
    seen: /^pods on talos-p4x-qnt \(10\.14\.2\.7\): not reached from talos-c7r-dgh \(timed out\)/,
    next: /routing\.mode: tunnel/,
    break: (facts) => changePath(facts, { ip: "10.14.2.7", problem: "timed out" }),
  },
  {
    check: "controllers",
    name: "a controller that fails over and over",
    seen: /^talos-c7r-dgh: controller sync failed 7 times in a row \(denied\)/,
    next: /cilium-dbg status/,
    break: (facts) =>
      changeAgent(facts, (report) => ({
        ...report,
        status: {
          ...report.status,
          controllers: [
            {
              name: "sync",
              status: { "consecutive-failure-count": 7, "last-failure-msg": "denied" },
            },
          ],
        },
      })),
  },
  {
    check: "pools",
    name: "a pool that somebody changed",
    seen: /^CiliumLoadBalancerIPPool services: blocks is \[\]/,
    next: /pulumi up --refresh/,
    break: (facts) => {
      facts.pools = facts.pools.map((pool) => ({ ...pool, spec: { ...pool.spec, blocks: [] } }));
    },
  },
  {
    check: "pool-conflict",
    name: "two pools with the same addresses",
    seen: /^pool services: .*conflicts with other/,
    next: /kubectl get ciliumloadbalancerippools/,
    break: (facts) => poolCondition(facts, "PoolConflict", "True", "conflicts with other"),
  },
  {
    check: "pool-conflict",
    name: "a pool with the address of a control plane",
    seen: /^pool control-planes: 192\.168\.10\.100 is the address of talos-c7r-dgh;/,
    next: /kubectl get ciliumloadbalancerippools/,
    break: (facts) => {
      const [pool] = facts.pools;
      const spec = { blocks: [{ cidr: "192.168.10.100/32" }] };
      facts.pools = [...facts.pools, { ...pool, metadata: { name: "control-planes" }, spec }];
    },
  },
  {
    check: "pool-addresses",
    name: "a Service that waits for an address of an exhausted pool",
    seen: /^default\/late waits for an address, and all are used of services \(50\);/,
    next: /widen the pool/,
    break: (facts) => {
      poolCondition(facts, "IPsAvailable", "Unknown", "0");
      facts.services = [...facts.services, waiting("late", "out_of_ips")];
    },
  },
  {
    check: "pool-addresses",
    name: "a pool that no operator has seen",
    seen: /^pool services: the operator has not reported its addresses/,
    next: /logs deployment\/cilium-operator/,
    break: (facts) => {
      facts.pools = facts.pools.map((pool) => ({ ...pool, status: {} }));
    },
  },
  {
    check: "l2-policies",
    name: "a policy without loadBalancerIPs",
    seen: /^CiliumL2AnnouncementPolicy services: loadBalancerIPs is absent; expected true/,
    next: /pulumi up --refresh/,
    break: (facts) => {
      facts.policies = facts.policies.map((policy) => {
        const { loadBalancerIPs: _, ...spec } = policy.spec ?? {};
        return { ...policy, spec };
      });
    },
  },
  {
    check: "service-addresses",
    name: "a Service without an address",
    seen: /^default\/late has no address \(no_pool: said of no_pool\)/,
    next: /serviceSelector/,
    break: (facts) => {
      facts.services = [...facts.services, waiting("late", "no_pool")];
    },
  },
  {
    check: "service-traffic-policies",
    name: "externalTrafficPolicy Local",
    seen: /^default\/web \(192\.168\.10\.50\): externalTrafficPolicy Local/,
    next: /set it to Cluster/,
    break: (facts) => {
      facts.services = facts.services.map((one) => ({
        ...one,
        spec: { ...one.spec, externalTrafficPolicy: "Local" },
      }));
    },
  },
  {
    check: "service-policies",
    name: "no policy for a Service",
    seen: /^default\/web \(192\.168\.10\.50\): no policy matches it/,
    next: /serviceSelector/,
    settings: withPolicy({ serviceSelector: { matchLabels: { announce: "yes" } } }),
    break: (facts) => {
      facts.policies = facts.policies.map((policy) => ({
        ...policy,
        spec: { ...policy.spec, serviceSelector: { matchLabels: { announce: "yes" } } },
      }));
    },
  },
  {
    check: "service-policies",
    name: "somebody else's policy for a Service",
    seen: /^default\/web \(192\.168\.10\.50\): matched by a policy that the stack does not have: another;/,
    next: /delete ciliuml2announcementpolicy another/,
    break: (facts) => {
      facts.policies = [
        ...facts.policies,
        { metadata: { name: "another" }, spec: { loadBalancerIPs: true } },
      ];
    },
  },
  {
    check: "service-leases",
    name: "a lease that nobody holds",
    seen: /no node holds the lease cilium-l2announce-default-web/,
    next: /rollout restart ds\/cilium/,
    break: (facts) => {
      facts.leases = [];
    },
  },
  {
    check: "service-holders",
    name: "a holder that is not ready",
    seen: /announced by talos-tz7-uk1, which is NotReady/,
    next: /moves to another node/,
    break: (facts) => {
      facts.nodes = copyOf(facts.nodes);
      const { conditions } = facts.nodes.at(-1)?.status ?? {};
      if (conditions?.[0]) conditions[0].status = "Unknown";
    },
  },
  {
    check: "service-announcements",
    name: "an announcer that is stuck",
    seen: /talos-tz7-uk1 holds the lease, but announces 192\.168\.10\.50 on no device/,
    next: /the announcer is stuck/,
    break: (facts) => {
      const answer = facts.agentAnswers.get("talos-tz7-uk1");
      assert.ok(answer !== undefined && "report" in answer);
      facts.agentAnswers = new Map([
        ...facts.agentAnswers,
        ["talos-tz7-uk1", { report: { ...answer.report, announced: [] } }],
      ]);
    },
  },
];

function changeProxy(facts: Broken, change: object): void {
  changeAgent(facts, (report) => ({
    ...report,
    status: {
      ...report.status,
      "kube-proxy-replacement": { ...report.status["kube-proxy-replacement"], ...change },
    },
  }));
}

/** Changes how the first node's agent reaches the pods of the third node. */
function changePath(facts: Broken, change: Partial<ProbedPath>): void {
  changeAgent(facts, (report) => {
    const { interval = "", paths = [] } = report.health ?? {};
    const changed = paths.map((path, index) => (index === 5 ? { ...path, ...change } : path));
    return { ...report, health: { interval, paths: changed } };
  });
}

function changePaths(facts: Broken, change: (path: ProbedPath) => ProbedPath): void {
  facts.agentAnswers = new Map(
    [...facts.agentAnswers].map(([node, answer]) => {
      if (!("report" in answer) || answer.report.health === undefined) return [node, answer];
      const { interval, paths } = answer.report.health;
      const health = { interval, paths: paths.map(change) };
      return [node, { report: { ...answer.report, health } }];
    }),
  );
}

function poolCondition(facts: Broken, type: string, status: string, message: string): void {
  const [pool] = facts.pools;
  const others = pool?.status?.conditions?.filter((one) => one.type !== `cilium.io/${type}`) ?? [];
  const condition = { type: `cilium.io/${type}`, status, message };
  facts.pools = [
    { ...pool, status: { conditions: [...others, condition] } },
  ] as unknown as Broken["pools"];
}

/** A Service of type LoadBalancer that has no address yet, and why. */
function waiting(name: string, reason: string): Broken["services"][number] {
  const condition = {
    type: "cilium.io/IPAMRequestSatisfied",
    status: "False",
    ...{ reason, message: `said of ${reason}`, lastTransitionTime: new Date() },
  };
  return { ...service(name, ""), status: { conditions: [condition] } };
}

/** What the lab's stack asks for, but with another policy. */
function withPolicy(change: object): Settings {
  const { loadBalancing } = settings;
  const policies = loadBalancing.policies.map((policy) => ({ ...policy, ...change }));
  return { ...settings, loadBalancing: { ...loadBalancing, policies } };
}

function failedChecks(results: readonly Result[]): string[] {
  return results
    .filter(({ verdict }) => verdict.outcome === "failed")
    .map(({ check }) => check.name);
}

describe("verification", () => {
  it("passes every check of a cluster that is as it was asked for", () => {
    for (const { check, verdict } of judgeFacts(healthy(), settings)) {
      assert.equal(verdict.outcome, "passed", `${check.name}: ${JSON.stringify(verdict)}`);
    }
  });

  for (const scenario of scenarios) {
    it(`${scenario.check} alone finds ${scenario.name}`, () => {
      const facts = healthy();
      scenario.break(facts);
      const results = judgeFacts(facts, scenario.settings ?? settings);
      assert.deepEqual(failedChecks(results), [scenario.check]);
      const verdict = verdictOf(results, scenario.check);
      assert.ok(verdict.outcome === "failed");
      const [finding] = verdict.findings;
      assert.ok(finding);
      assert.match(describeFinding(finding), scenario.seen);
      assert.match(finding.next, scenario.next);
    });
  }

  it("has a scenario for every check", () => {
    const found = new Set(scenarios.map(({ check }) => check));
    assert.deepEqual(
      checks.map(({ name }) => name).filter((name) => !found.has(name)),
      [],
    );
  });

  it("has every check after those that it needs", () => {
    const before = new Set<Check>();
    for (const check of checks as readonly Check[]) {
      for (const need of check.needs ?? [])
        assert.ok(before.has(need), `${check.name}: ${need.name}`);
      before.add(check);
    }
  });

  it("skips a check that needs one that failed, and names that one", () => {
    const facts = healthy();
    facts.releases = [];
    const results = judgeFacts(facts, settings);
    for (const name of ["image-version", "routing", "cluster-health"] as const) {
      assert.deepEqual(verdictOf(results, name), {
        outcome: "skipped",
        detail: "helm-release failed",
      });
    }
  });

  it("skips a check on request, but none that needs it", () => {
    const results = judgeFacts(healthy(), settings, new Map([["agents-answer", "no exec here"]]));
    assert.deepEqual(verdictOf(results, "agents-answer"), {
      outcome: "skipped",
      detail: "no exec here",
    });
    assert.equal(verdictOf(results, "routing").outcome, "passed");
  });

  it("takes a restart of the agents for nobody else's work", () => {
    const facts = healthy();
    facts.daemonSets = copyOf(facts.daemonSets);
    facts.daemonSets[0]?.metadata?.managedFields?.push({ manager: "kubectl-rollout" });
    assert.deepEqual(failedChecks(judgeFacts(facts, settings)), []);
  });

  it("takes a pool that is used up, with nobody waiting, for as large as it was meant to be", () => {
    const facts = healthy();
    poolCondition(facts, "IPsAvailable", "Unknown", "0");
    assert.deepEqual(failedChecks(judgeFacts(facts, settings)), []);
  });

  /** Verdict of cluster-health when every probe was made at a time, and one path has another result. */
  function healthAfter(seconds: number, change: Partial<ProbedPath>) {
    const facts = healthy();
    changePaths(facts, (path) => ({ ...path, probed: new Date(1000 * seconds) }));
    changePath(facts, change);
    return verdictOf(judgeFacts(facts, settings), "cluster-health");
  }

  it("takes a path that was not probed since both ends started for neither good nor bad", () => {
    for (const [seconds, change] of [
      [3600, { probed: undefined }],
      // Its agent was not ready, or had just become so.
      [3600, { probed: new Date(10_000), problem: "refused" }],
      // The target had answered nobody.
      [60, { probed: new Date(40_000), problem: "refused" }],
    ] as const) {
      assert.deepEqual(healthAfter(seconds, change), {
        outcome: "unknown",
        detail: "1 of 50 paths not probed since both ends started; Cilium probes every 1m36s",
      });
    }
  });

  it("counts a failed probe once its target has answered somebody, and after a while without that", () => {
    for (const [seconds, probed] of [
      [60, 70_000],
      [3600, 180_000],
    ] as const) {
      const verdict = healthAfter(seconds, { probed: new Date(probed), problem: "refused" });
      assert.equal(verdict.outcome, "failed", `${seconds}`);
    }
  });

  it("never takes what it could not look at for a pass", () => {
    const facts = healthy();
    facts.agentAnswers = new Map(
      [...facts.agentAnswers.keys()].map((node) => [node, { simulated: true as const }]),
    );
    const results = judgeFacts(facts, settings);
    const agentChecks = checks.filter(({ needs }: Check) => needs?.includes(agentsAnswer));
    assert.ok(agentChecks.length > 10);
    for (const { name } of agentChecks) {
      assert.equal(verdictOf(results, name).outcome, "unknown", name);
    }
  });
});
