import type { V1Service } from "@kubernetes/client-node";
import { count, type Settings } from "../../config";
import { isNodeReady } from "../../kubernetes/nodeStatus";
import { selects } from "../../kubernetes/selectors";
import type { ClusterFacts, CustomResource, Facts } from "../facts/facts";
import {
  addressRequest,
  leaseHolder,
  leaseName,
  loadBalancers,
  qualifiedName,
  serviceIps,
} from "../facts/loadBalancers";
import {
  policiesAsConfigured,
  poolsAsConfigured,
  poolsDoNotConflict,
  poolsHaveAddresses,
} from "./addressPools";
import { agentsAnswer } from "./agents";
import {
  type Check,
  defineCheck,
  type Finding,
  notApplicable,
  passedUnless,
  unknownIfSimulated,
} from "./check";

/** Class of the Services that Cilium announces on the LAN; without a class it announces them, too. */
const L2_CLASS = "io.cilium/l2-announcer";

export const serviceAddresses = defineCheck({
  name: "service-addresses",
  title: "every LoadBalancer Service has an address",
  needs: [poolsAsConfigured, poolsDoNotConflict, poolsHaveAddresses],
  judge: (facts) => {
    const services = loadBalancers(facts);
    if (services.length === 0) return notApplicable("no Service is of type LoadBalancer");
    const findings = services
      .filter((service) => serviceIps(service).length === 0)
      .map((service) => {
        const request = addressRequest(service);
        const reason =
          request === undefined
            ? "the operator has not reported why"
            : `${request.reason}: ${request.message}`;
        return {
          seen: `${qualifiedName(service)} has no address (${reason})`,
          expected: "an address of a pool",
          next: "widen the pool, or correct its serviceSelector, in loadBalancing.pools",
        };
      });
    return passedUnless(findings, count(services.length, "Service"));
  },
});

/** With Local, a node without a backend may hold the address, and drops the packets: every status stays green. */
export const serviceTrafficPolicies = serviceCheck({
  name: "service-traffic-policies",
  title: "no announced Service has externalTrafficPolicy Local",
  judgeService: ({ spec }) =>
    spec?.externalTrafficPolicy !== "Local"
      ? []
      : [
          {
            seen: "externalTrafficPolicy Local",
            expected: "Cluster, with L2 announcements",
            next: "set it to Cluster (of a Gateway: loadBalancing.gatewayTrafficPolicy); https://github.com/cilium/cilium/issues/48799",
          },
        ],
});

/**
 * Without a policy nobody answers ARP. Several of the stack's own are well: there is one lease for each Service, and its
 * holder answers on the interfaces of all of them.
 */
export const servicePolicies = serviceCheck({
  name: "service-policies",
  title: "the stack's policies, and no others, match each announced Service",
  needs: [policiesAsConfigured],
  judgeService: (service, facts, { loadBalancing }) => {
    const names = policiesOf(service, facts).map(({ metadata }) => metadata?.name ?? "");
    const own = loadBalancing.policies.map(({ name }) => name);
    const foreign = names.filter((name) => !own.includes(name));
    if (names.length === 0) {
      return [
        {
          seen: "no policy matches it",
          expected: "a policy with loadBalancerIPs",
          next: "correct a serviceSelector in loadBalancing.policies, or the Service's labels",
        },
      ];
    }
    if (foreign.length === 0) return [];
    return [
      {
        seen: `matched by a policy that the stack does not have: ${foreign.join(", ")}`,
        expected: "policies of the stack alone",
        next: `write it in loadBalancing.policies, or kubectl delete ciliuml2announcementpolicy ${foreign.join(" ")}`,
      },
    ];
  },
});

export const serviceLeases = requireAgents(
  serviceCheck({
    name: "service-leases",
    title: "a node holds the lease to announce each Service",
    needs: [servicePolicies, serviceTrafficPolicies],
    judgeService: (service, facts) =>
      leaseHolder(service, facts) !== undefined
        ? []
        : [
            {
              seen: `no node holds the lease ${leaseName(service)}`,
              expected: "a holder",
              next: "kubectl -n kube-system logs ds/cilium -c cilium-agent | grep l2-announcer; if more than 16 Services changed at once, restart the agents: kubectl -n kube-system rollout restart ds/cilium",
            },
          ],
  }),
);

export const serviceHolders = requireAgents(
  serviceCheck({
    name: "service-holders",
    title: "each lease's holder is a ready node, and one that a policy allows",
    needs: [serviceLeases],
    judgeService: (service, facts) => {
      const holder = leaseHolder(service, facts);
      const node = facts.nodes.find(({ metadata }) => metadata?.name === holder);
      const next =
        "the lease moves to another node once it expires; if it stays: kubectl -n kube-system rollout restart ds/cilium";
      if (node === undefined) {
        return [
          { seen: `its lease is held by ${holder}, which is not a node`, expected: "a node", next },
        ];
      }
      const isAllowed = policiesOf(service, facts).some(({ spec }) =>
        selects(spec?.nodeSelector, node.metadata?.labels),
      );
      return [
        ...(isNodeReady(node)
          ? []
          : [
              { seen: `announced by ${holder}, which is NotReady`, expected: "a ready node", next },
            ]),
        ...(isAllowed
          ? []
          : [
              {
                seen: `announced by ${holder}, which no policy's nodeSelector allows`,
                expected: "a node that the policy selects",
                next,
              },
            ]),
      ];
    },
  }),
);

/** A node may hold the lease and answer no ARP: what it answers for is in its agent's table. */
export const serviceAnnouncements = requireAgents(
  serviceCheck({
    name: "service-announcements",
    title: "each lease's holder announces the Service's addresses",
    needs: [serviceHolders, agentsAnswer],
    judgeService: (service, facts) => {
      const holder = leaseHolder(service, facts) ?? "";
      const answer = facts.agentAnswers.get(holder);
      if (answer === undefined || !("report" in answer)) return [];
      const silent = serviceIps(service).filter((ip) => !answer.report.announced.includes(ip));
      return silent.length === 0
        ? []
        : [
            {
              seen: `${holder} holds the lease, but announces ${silent.join(", ")} on no device`,
              expected: "an entry in the agent's table l2-announce",
              next: "correct interfaces in loadBalancing.policies; if they are right, the announcer is stuck: kubectl -n kube-system rollout restart ds/cilium",
            },
          ];
    },
  }),
);

/** A check of each Service that Cilium announces on the LAN. */
function serviceCheck<const Name extends string>(spec: {
  readonly name: Name;
  readonly title: string;
  readonly needs?: readonly Check[];
  /** Findings of one Service, without its name. */
  readonly judgeService: (service: V1Service, facts: Facts, settings: Settings) => Finding[];
}): Check<Name> {
  return {
    name: spec.name,
    title: spec.title,
    ...(spec.needs !== undefined && { needs: spec.needs }),
    judge: (facts, settings) => {
      if (settings.loadBalancing.policies.length === 0) {
        return notApplicable("the stack has no L2 announcement policy");
      }
      const services = announcedServices(facts);
      if (services.length === 0) return notApplicable("no Service has an address");
      const findings = services.flatMap((service) =>
        spec.judgeService(service, facts, settings).map((finding) => ({
          ...finding,
          seen: `${qualifiedName(service)} (${serviceIps(service).join(", ")}): ${finding.seen}`,
        })),
      );
      return passedUnless(findings, count(services.length, "Service"));
    },
  };
}

/** The same check, unknown where no agent runs. */
function requireAgents<Name extends string>(check: Check<Name>): Check<Name> {
  return {
    ...check,
    judge: (facts, settings) => {
      const verdict = check.judge(facts, settings);
      return verdict.outcome === "not-applicable"
        ? verdict
        : (unknownIfSimulated(facts) ?? verdict);
    },
  };
}

/** Services that Cilium announces on the LAN if a policy matches: they have an address, and no other class. */
function announcedServices(facts: ClusterFacts): V1Service[] {
  return loadBalancers(facts).filter(
    (service) =>
      serviceIps(service).length > 0 && (service.spec?.loadBalancerClass ?? L2_CLASS) === L2_CLASS,
  );
}

/** Policies that match a Service and announce its LoadBalancer addresses. */
function policiesOf(service: V1Service, { policies }: ClusterFacts): CustomResource[] {
  const { labels, name = "", namespace = "" } = service.metadata ?? {};
  // Cilium adds these to a Service's labels (pkg/l2announcer, svcAndMetaLabels).
  const allLabels = {
    ...labels,
    "io.kubernetes.service.name": name,
    "io.kubernetes.service.namespace": namespace,
  };
  return policies.filter(
    ({ spec }) => spec?.loadBalancerIPs === true && selects(spec.serviceSelector, allLabels),
  );
}
