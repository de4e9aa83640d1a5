import { RE2JS, RE2JSException } from "re2js";
import semver from "semver";
import { isAdvertised } from "../addressPlan";
import { CONTROL_PLANE_LABEL, leavesOutControlPlanes } from "../controlPlaneLabel";
import type { Settings } from "../schema";
import { uniqueNames } from "./factories";
import { foreignInterface } from "./routing";
import { problemIf, type Rule } from "./rule";

export const policyNamesUnique = uniqueNames({
  name: "policy-names-unique",
  description:
    "Each policy in `loadBalancing.policies` has a name of its own. Two policies with one name would be one CiliumL2AnnouncementPolicy.",
  path: "loadBalancing.policies",
  names: ({ loadBalancing }) => loadBalancing.policies.map(({ name }) => name),
});

export const addressesAnnounced: Rule = {
  name: "addresses-announced",
  description:
    "Where there are pools, there is a policy in `loadBalancing.policies`, or BGP advertises LoadBalancerIP to a peer. Otherwise nobody answers for a Service's address, unless routers have routes to the nodes for it.",
  severity: "warning",
  check: (settings) =>
    problemIf(
      settings.loadBalancing.pools.length > 0 &&
        settings.loadBalancing.policies.length === 0 &&
        !isAdvertised(settings),
      {
        path: "loadBalancing.policies",
        wrong:
          "nothing announces the pools' addresses (no policy, and no peer in bgp.peers with LoadBalancerIP in bgp.advertise)",
        fix: "add a policy, or a BGP peer with LoadBalancerIP in bgp.advertise, unless the routers have routes of their own to the addresses",
      },
    ),
};

/** Every interface of a policy that compiles, with a test of it. */
function interfaces(
  settings: Settings,
): { path: string; pattern: string; matches: (name: string) => boolean }[] {
  return settings.loadBalancing.policies.flatMap((policy, index) =>
    policy.interfaces.flatMap((pattern, position) => {
      const expression = compiled(pattern);
      if (expression === undefined) return [];
      const path = `loadBalancing.policies.${index}.interfaces.${position}`;
      return [{ path, pattern, matches: (name: string) => expression.test(name) }];
    }),
  );
}

/** RE2 is what Go's regexp package implements: the same syntax, and a time that grows linearly with the name. */
function compiled(pattern: string): RE2JS | undefined {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    if (error instanceof RE2JSException) return undefined;
    throw error;
  }
}

export const interfaceCompiles: Rule = {
  name: "interface-compiles",
  description:
    "Each entry of a policy's `interfaces` is a regular expression of Go's. Cilium compiles it with Go's regexp package, which has no lookaround and no backreferences (https://docs.cilium.io/en/stable/network/l2-announcements/, interfaces).",
  severity: "error",
  check: ({ loadBalancing: { policies } }) =>
    policies.flatMap((policy, index) =>
      policy.interfaces.flatMap((pattern, position) =>
        problemIf(compiled(pattern) === undefined, {
          path: `loadBalancing.policies.${index}.interfaces.${position}`,
          wrong: `not a regular expression that Go accepts (${pattern})`,
          fix: "write it like ^ens18$ or ^eth[0-9]+$",
        }),
      ),
    ),
};

export const interfaceAnchored: Rule = {
  name: "interface-anchored",
  description:
    "Each entry of a policy's `interfaces` begins with ^, and ends with $ or with what may repeat, such as ^eth[0-9]+ in Cilium's documentation. Without these anchors eth1 also matches eth10 and veth1.",
  severity: "warning",
  check: (settings) =>
    interfaces(settings).flatMap(({ path, pattern }) =>
      problemIf(!/^\^.*(\$|(?:[.\])]|\\[dw])[*+])$/.test(pattern), {
        path,
        wrong: `not anchored, so it matches more names than it seems to (${pattern})`,
        fix: `did you mean ^${pattern.replace(/^\^|\$$/g, "").replace(/([\w-])[*+]$/, "$1.*")}$?`,
      }),
    ),
};

export const interfaceOnLan: Rule = {
  name: "interface-on-lan",
  description:
    "No entry of a policy's `interfaces` matches an interface of Talos, Cilium, a pod or a VPN. The addresses would be announced there.",
  severity: "error",
  check: (settings) =>
    interfaces(settings).flatMap(({ path, pattern, matches }) => {
      const foreign = foreignInterface(matches);
      return problemIf(foreign !== undefined, {
        path,
        wrong: `it matches ${foreign}, which is not an interface of the LAN (${pattern})`,
        fix: "match the nodes' own network cards only, such as ^ens18$",
      });
    }),
};

export const interfaceIsDevice: Rule = {
  name: "interface-is-device",
  description:
    "Each entry of a policy's `interfaces` matches one of `routing.devices`, where these are set. Cilium answers ARP on its own devices only (https://docs.cilium.io/en/stable/network/l2-announcements/, prerequisites).",
  severity: "error",
  check: (settings) => {
    const { devices } = settings.routing;
    // The interfaces that a prefix stands for are known on the nodes only.
    if (devices.length === 0 || devices.some((device) => device.endsWith("+"))) return [];
    return interfaces(settings).flatMap(({ path, pattern, matches }) =>
      problemIf(!devices.some(matches), {
        path,
        wrong: `it matches none of routing.devices, and Cilium answers on no other interface (${pattern}; ${devices.join(", ")})`,
        fix: "match one of them, or add the interface to routing.devices",
      }),
    );
  },
};

export const onePolicyPerService: Rule = {
  name: "one-policy-per-service",
  description:
    "No two policies in `loadBalancing.policies` select the same nodes and the same Services. Cilium has one lease for each Service, and its holder answers on the interfaces of both, so one policy says the same (pkg/l2announcer, desiredEntries).",
  severity: "warning",
  check: ({ loadBalancing: { policies } }) => {
    const earlierByKey = new Map<string, number[]>();
    return policies.flatMap((policy, index) => {
      const nodes = keyOf(policy.nodeSelector);
      const key = keyOf(policy.serviceSelector);
      // A policy without a selector meets every other one.
      const earlier = [...earlierByKey]
        .filter(([others]) => key === "" || others === `${nodes} ` || others === `${nodes} ${key}`)
        .filter(([others]) => others.startsWith(`${nodes} `))
        .flatMap(([, positions]) => positions);
      const own = `${nodes} ${key}`;
      earlierByKey.set(own, [...(earlierByKey.get(own) ?? []), index]);
      return earlier
        .sort((a, b) => a - b)
        .map((position) => ({
          path: `loadBalancing.policies.${index}`,
          wrong: `it selects Services that loadBalancing.policies.${position} also selects, on the same nodes (${policies[position]?.name} and ${policy.name})`,
          fix: "merge the two, or give each a serviceSelector that has no Service in common with the other",
        }));
    });
  },
};

/** The same text for selectors that are written differently but equal; "" for none. */
function keyOf(selector: object | undefined): string {
  if (selector === undefined) return "";
  return JSON.stringify(selector, (_key, value) =>
    typeof value === "object" && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

export const policyHasNodes: Rule = {
  name: "policy-has-nodes",
  description:
    "A policy whose `nodeSelector` leaves the control planes out needs `nodes.workers`. Otherwise no node may announce its addresses (https://docs.cilium.io/en/stable/network/l2-announcements/, node selector).",
  severity: "error",
  check: ({ loadBalancing: { policies }, nodes }) =>
    policies.flatMap(({ nodeSelector }, index) =>
      problemIf(nodes.workers.length === 0 && leavesOutControlPlanes(nodeSelector), {
        path: `loadBalancing.policies.${index}.nodeSelector`,
        wrong: `it leaves the control planes out, and there are no workers (${CONTROL_PLANE_LABEL} DoesNotExist)`,
        fix: "let control planes announce, or list workers in nodes.workers",
      }),
    ),
};

/** From this release on the announcer asks for a backend on the node, and a Gateway's Service has none anywhere. */
const ANNOUNCES_LOCAL_BACKENDS_ONLY = "1.20.2";

function announcesLocalGateways({ loadBalancing, gatewayApi }: Settings): boolean {
  return (
    gatewayApi.enabled &&
    loadBalancing.gatewayTrafficPolicy === "Local" &&
    loadBalancing.policies.length > 0
  );
}

export const l2NeedsClusterTrafficPolicy: Rule = {
  name: "l2-needs-cluster-traffic-policy",
  description:
    "`loadBalancing.gatewayTrafficPolicy` is Cluster where there are `loadBalancing.policies`, from Cilium 1.20.2 on. With Local, a node announces an address only where it has a backend, and the Service of a Gateway has none, so no node answers (https://github.com/cilium/cilium/issues/48799).",
  severity: "error",
  check: (settings) =>
    problemIf(
      announcesLocalGateways(settings) &&
        semver.gte(settings.cilium.version, ANNOUNCES_LOCAL_BACKENDS_ONLY),
      {
        path: "loadBalancing.gatewayTrafficPolicy",
        wrong: `with L2 announcements no node of Cilium ${settings.cilium.version} answers for a Gateway (Local)`,
        fix: "leave it at Cluster, or announce by BGP and leave loadBalancing.policies out",
      },
    ),
};

export const l2AvoidsLocalTrafficPolicy: Rule = {
  name: "l2-avoids-local-traffic-policy",
  description:
    "`loadBalancing.gatewayTrafficPolicy` is Cluster where there are `loadBalancing.policies`, before Cilium 1.20.2, too. Cilium's documentation calls Local incompatible with L2 announcements (https://docs.cilium.io/en/stable/network/l2-announcements/, limitations); these releases announce a Gateway all the same, and Envoy runs on every node, but an update to 1.20.2 takes its address away (https://github.com/cilium/cilium/issues/48799).",
  severity: "warning",
  check: (settings) =>
    problemIf(
      announcesLocalGateways(settings) &&
        semver.lt(settings.cilium.version, ANNOUNCES_LOCAL_BACKENDS_ONLY),
      {
        path: "loadBalancing.gatewayTrafficPolicy",
        wrong: `Cilium's documentation calls it incompatible with L2 announcements, and from Cilium ${ANNOUNCES_LOCAL_BACKENDS_ONLY} on no node answers for a Gateway then (Local)`,
        fix: "set it to Cluster before you update, or announce by BGP",
      },
    ),
};

export const leaseDurationExceedsRenewDeadline: Rule = {
  name: "lease-duration-exceeds-renew-deadline",
  description:
    "`loadBalancing.leaseDuration` is longer than `loadBalancing.leaseRenewDeadline`. The holder must have had time to renew before another node takes over (https://docs.cilium.io/en/stable/network/l2-announcements/, leases).",
  severity: "error",
  check: ({ loadBalancing: { leaseDuration: duration, leaseRenewDeadline: deadline } }) =>
    problemIf(duration <= deadline, {
      path: "loadBalancing.leaseDuration",
      wrong: `it must be longer than leaseRenewDeadline (${duration} s, ${deadline} s)`,
      fix: `use ${Math.max(1, 3 * deadline)}, or a shorter leaseRenewDeadline`,
    }),
};

export const leaseRetryPeriodWithinRenewDeadline: Rule = {
  name: "lease-retry-period-within-renew-deadline",
  description:
    "`loadBalancing.leaseRenewDeadline` is longer than 1.2 times `loadBalancing.leaseRetryPeriod`. The holder must have time for more than one try (https://docs.cilium.io/en/stable/network/l2-announcements/, leases).",
  severity: "error",
  check: ({ loadBalancing: { leaseRenewDeadline: deadline, leaseRetryPeriod: period } }) =>
    problemIf(deadline <= 1.2 * period, {
      path: "loadBalancing.leaseRetryPeriod",
      wrong: `leaseRenewDeadline must be longer than 1.2 times this period (${period} s, ${deadline} s)`,
      fix: "use a shorter period, or a longer leaseRenewDeadline",
    }),
};

export const dsrNeedsNativeOrGeneve: Rule = {
  name: "dsr-needs-native-or-geneve",
  description:
    "`loadBalancing.mode` dsr or hybrid needs `routing.mode: native` or `routing.tunnelProtocol: geneve`. VXLAN cannot carry the Service's address to the node that answers (https://docs.cilium.io/en/stable/network/kubernetes/kubeproxy-free/, DSR).",
  severity: "error",
  check: ({ loadBalancing: { mode }, routing }) =>
    problemIf(mode !== "snat" && routing.mode === "tunnel" && routing.tunnelProtocol === "vxlan", {
      path: "loadBalancing.mode",
      wrong: `direct server return does not go through VXLAN (${mode})`,
      fix: "use snat, or routing.mode: native, or routing.tunnelProtocol: geneve",
    }),
};

export const selectorValuesMatchOperator: Rule = {
  name: "selector-values-match-operator",
  description:
    "In `matchExpressions` of a selector, In and NotIn have `values`, Exists and DoesNotExist have none. Kubernetes refuses every other combination (https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/).",
  severity: "error",
  check: ({ loadBalancing: { pools, policies }, bgp }) =>
    [
      ...pools.map(({ serviceSelector }, index) => ({
        path: `loadBalancing.pools.${index}.serviceSelector`,
        selector: serviceSelector,
      })),
      ...policies.flatMap(({ serviceSelector, nodeSelector }, index) => [
        { path: `loadBalancing.policies.${index}.serviceSelector`, selector: serviceSelector },
        { path: `loadBalancing.policies.${index}.nodeSelector`, selector: nodeSelector },
      ]),
      { path: "bgp.nodeSelector", selector: bgp.nodeSelector },
      { path: "bgp.serviceSelector", selector: bgp.serviceSelector },
    ].flatMap(({ path, selector }) =>
      (selector?.matchExpressions ?? []).flatMap(({ operator, values = [] }, index) =>
        problemIf(operator.endsWith("In") !== values.length > 0, {
          path: `${path}.matchExpressions.${index}`,
          wrong: `${operator} with ${values.length === 0 ? "no values" : "values"} (${JSON.stringify(values)})`,
          fix: operator.endsWith("In") ? "list the values" : "leave values out",
        }),
      ),
    ),
};
