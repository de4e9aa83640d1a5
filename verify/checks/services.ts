import type { V1Service } from "@kubernetes/client-node";
import type { Settings } from "../../config";
import { isNodeReady } from "../../kubernetes/nodeStatus";
import { selects } from "../../kubernetes/selectors";
import type { ClusterFacts, Facts } from "../facts/facts";
import {
  type Check,
  count,
  type Finding,
  notApplicable,
  unknownIfSimulated,
  type Verdict,
  verdict,
} from "./check";

/** Classes of Services that Cilium gives addresses to and announces on the LAN (Cilium, LB IPAM, loadBalancerClass). */
const L2_CLASS = "io.cilium/l2-announcer";

/** Services that want an address of Cilium's. */
export function loadBalancers({ services }: Pick<ClusterFacts, "services">): V1Service[] {
  return services.filter(
    ({ spec }) =>
      spec?.type === "LoadBalancer" &&
      (spec.loadBalancerClass === undefined || spec.loadBalancerClass.startsWith("io.cilium/")),
  );
}

/** Namespace and name. */
export function nameOf({ metadata }: { metadata?: { namespace?: string; name?: string } }): string {
  return `${metadata?.namespace}/${metadata?.name}`;
}

/** Addresses that a Service was given. */
export function addressesOf({ status }: V1Service): string[] {
  return (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []);
}

/** What the operator says of a Service's wish for an address. */
export function addressRequest({ status }: V1Service) {
  return status?.conditions?.find(({ type }) => type === "cilium.io/IPAMRequestSatisfied");
}

/** Services that are announced on the LAN, if a policy wants it: they have an address, and are of no other class. */
function announceable(facts: ClusterFacts): V1Service[] {
  return loadBalancers(facts).filter(
    (service) =>
      addressesOf(service).length > 0 && (service.spec?.loadBalancerClass ?? L2_CLASS) === L2_CLASS,
  );
}

/** A check of every Service that is announced on the LAN. */
function ofEveryService(
  name: string,
  title: string,
  needs: readonly string[],
  judgeService: (service: V1Service, facts: Facts) => Finding[],
): Check {
  return {
    name,
    title,
    needs,
    judge: (facts, settings) => nothingAnnounced(settings) ?? all(announceable(facts), facts),
  };

  function all(services: readonly V1Service[], facts: Facts): Verdict {
    if (services.length === 0) return notApplicable("no Service has an address");
    return verdict(
      services.flatMap((service) =>
        judgeService(service, facts).map((finding) => ({
          ...finding,
          seen: `${nameOf(service)} (${addressesOf(service).join(", ")}): ${finding.seen}`,
        })),
      ),
      count(services.length, "Service"),
    );
  }
}

function nothingAnnounced({ loadBalancing }: Settings): Verdict | undefined {
  return loadBalancing.policies.length > 0
    ? undefined
    : notApplicable("the stack has no L2 policy");
}

/** Every Service that wants an address has one; the operator says why not. */
export const serviceAddresses: Check = {
  name: "service-addresses",
  title: "every LoadBalancer Service has an address",
  needs: ["pools", "pool-conflict", "pool-addresses"],
  judge: (facts) => {
    const services = loadBalancers(facts);
    if (services.length === 0) return notApplicable("no Service is of type LoadBalancer");
    return verdict(
      services
        .filter((service) => addressesOf(service).length === 0)
        .map((service) => {
          const why = addressRequest(service);
          return {
            seen: `${nameOf(service)} has none (${why === undefined ? "the operator has said nothing of it" : `${why.reason}: ${why.message}`})`,
            expected: "an address of a pool",
            next: "widen the pool, or correct its serviceSelector, in loadBalancing.pools",
          };
        }),
      count(services.length, "Service"),
    );
  },
};

/** One policy matches: without one nobody answers ARP, with two it is for luck which devices and nodes do. */
export const servicePolicies = ofEveryService(
  "service-policies",
  "exactly one policy announces each address",
  ["l2-policies"],
  (service, facts) => {
    const names = policiesOf(service, facts).map(({ metadata }) => metadata?.name);
    if (names.length === 1) return [];
    return [
      {
        seen: names.length === 0 ? "no policy matches it" : `${names.join(" and ")} match it`,
        expected: "one policy with loadBalancerIPs",
        next:
          names.length === 0
            ? "correct a serviceSelector in loadBalancing.policies, or the Service's labels"
            : "make their serviceSelectors exclude each other, or delete the one that is not the stack's",
      },
    ];
  },
);

/** A check of what agents do; where none runs there is nothing to see. */
function ofAgents(check: Check): Check {
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

/** A node holds the lease to announce it. */
export const serviceLeases = ofAgents(
  ofEveryService(
    "service-leases",
    "a node holds the lease to announce each address",
    ["service-policies", "service-traffic-policies"],
    (service, facts) =>
      holderOf(service, facts) !== undefined
        ? []
        : [
            {
              seen: `nobody holds the lease ${leaseOf(service)}`,
              expected: "a holder",
              next: "kubectl -n kube-system logs ds/cilium -c cilium-agent | grep l2-announcer; with more than 16 Services changed at once, restart the agents: kubectl -n kube-system rollout restart ds/cilium",
            },
          ],
  ),
);

/** The holder of the lease lives, and a policy allows it to announce. */
export const serviceHolders = ofAgents(
  ofEveryService(
    "service-holders",
    "the node that announces each address is ready and allowed to",
    ["service-leases"],
    (service, facts) => {
      const holder = holderOf(service, facts);
      const node = facts.nodes.find(({ metadata }) => metadata?.name === holder);
      const next =
        "the lease moves to another node once it expires; if it stays: kubectl -n kube-system rollout restart ds/cilium";
      if (node === undefined) {
        return [
          { seen: `its lease is held by ${holder}, which is no node`, expected: "a node", next },
        ];
      }
      const allowed = policiesOf(service, facts).some(({ spec }) =>
        selects(spec?.nodeSelector, node.metadata?.labels),
      );
      return [
        ...(isNodeReady(node)
          ? []
          : [
              { seen: `announced by ${holder}, which is NotReady`, expected: "a ready node", next },
            ]),
        ...(allowed
          ? []
          : [
              {
                seen: `announced by ${holder}, which no policy's nodeSelector allows`,
                expected: "a node of the policy",
                next,
              },
            ]),
      ];
    },
  ),
);

/** With Local, an address moves to nodes without a backend, or to none at all, and every status stays green. */
export const serviceTrafficPolicies = ofEveryService(
  "service-traffic-policies",
  "no announced Service has externalTrafficPolicy Local",
  [],
  ({ spec }) =>
    spec?.externalTrafficPolicy !== "Local"
      ? []
      : [
          {
            seen: "externalTrafficPolicy Local",
            expected: "Cluster, with L2 announcements",
            next: "set it to Cluster (of a Gateway: loadBalancing.gatewayTrafficPolicy); https://github.com/cilium/cilium/issues/48799",
          },
        ],
);

/** The holder's agent has the address in its table: a lease alone answers no ARP. */
export const serviceAnnouncements = ofAgents(
  ofEveryService(
    "service-announcements",
    "the holder's agent really announces each address",
    ["service-holders", "agents-answer"],
    (service, facts) => {
      const holder = holderOf(service, facts) ?? "";
      const answer = facts.agentAnswers.get(holder);
      if (answer === undefined || !("report" in answer)) return [];
      const silent = addressesOf(service).filter((ip) => !answer.report.announced.includes(ip));
      return silent.length === 0
        ? []
        : [
            {
              seen: `${holder} holds the lease and announces ${silent.join(", ")} on no device`,
              expected: "an entry of its table l2-announce",
              next: "correct interfaces in loadBalancing.policies; if they are right its announcer is stuck: kubectl -n kube-system rollout restart ds/cilium",
            },
          ];
    },
  ),
);

/** Policies that announce a Service's address. */
function policiesOf(service: V1Service, { policies }: ClusterFacts) {
  const { labels, name = "", namespace = "" } = service.metadata ?? {};
  // What Cilium adds to a Service's labels for policies (pkg/l2announcer, svcAndMetaLabels).
  const all = {
    ...labels,
    "io.kubernetes.service.name": name,
    "io.kubernetes.service.namespace": namespace,
  };
  return policies.filter(
    ({ spec }) => spec?.loadBalancerIPs === true && selects(spec.serviceSelector, all),
  );
}

function leaseOf({ metadata }: V1Service): string {
  return `cilium-l2announce-${metadata?.namespace}-${metadata?.name}`;
}

function holderOf(service: V1Service, { leases }: ClusterFacts): string | undefined {
  const lease = leases.find(({ metadata }) => metadata?.name === leaseOf(service));
  return lease?.spec?.holderIdentity || undefined;
}
