import { isDeepStrictEqual } from "node:util";
import type { Settings } from "../schema";
import { uniqueNames } from "./factories";
import { foreignInterface } from "./routing";
import { problemIf, type Rule } from "./rule";

/** See {@link uniqueNames}. */
export const policyNames = uniqueNames(
  "policy-names",
  "loadBalancing.policies",
  ({ loadBalancing }) => loadBalancing.policies.map(({ name }) => name),
);

/** Somebody announces the addresses; else every Service has one that nobody answers for. */
export const addressesAreAnnounced: Rule = {
  name: "addresses-are-announced",
  check: ({ loadBalancing, bgp }) =>
    problemIf(
      loadBalancing.policies.length === 0 &&
        !(bgp.peers.length > 0 && bgp.advertise.includes("LoadBalancerIP")),
      "loadBalancing.policies",
      "nothing announces the pools' addresses (no policy, and no bgp.advertise of LoadBalancerIP)",
      "add a policy, or bgp with LoadBalancerIP in bgp.advertise",
    ),
};

/** Every interface of a policy with a test of it; one that does not compile is left out. */
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

function compiled(pattern: string): RegExp | undefined {
  // What Go has and JavaScript has not, or the other way round, is not for names of interfaces.
  if (/\(\?[=!<]|\\[1-9]/.test(pattern)) return undefined;
  try {
    return new RegExp(pattern);
  } catch {
    return undefined;
  }
}

/** A policy's interface is a regular expression of Go's. */
export const interfaceCompiles: Rule = {
  name: "interface-compiles",
  check: ({ loadBalancing: { policies } }) =>
    policies.flatMap((policy, index) =>
      policy.interfaces.flatMap((pattern, position) =>
        problemIf(
          compiled(pattern) === undefined,
          `loadBalancing.policies.${index}.interfaces.${position}`,
          `no regular expression that Go takes (${pattern})`,
          "write it like ^ens18$ or ^eth[0-9]+$",
        ),
      ),
    ),
};

/** A policy's interface is anchored at both ends: e* matches every name, and eth1 matches eth10. */
export const interfaceAnchored: Rule = {
  name: "interface-anchored",
  check: (settings) =>
    interfaces(settings).flatMap(({ path, pattern }) =>
      problemIf(
        !(pattern.startsWith("^") && pattern.endsWith("$")),
        path,
        `not anchored, so it matches more names than it seems to (${pattern})`,
        `did you mean ^${pattern.replace(/^\^|\$$/g, "").replace(/(^|[^\])])[*+]$/, "$1[0-9]+")}$?`,
      ),
    ),
};

/** A policy's interface matches none of Talos', Cilium's or a VPN's: the address would be announced there. */
export const interfaceOnTheLan: Rule = {
  name: "interface-on-the-lan",
  check: (settings) =>
    interfaces(settings).flatMap(({ path, pattern, matches }) => {
      const foreign = foreignInterface(matches);
      return problemIf(
        foreign !== undefined,
        path,
        `it matches ${foreign}, which is no interface of the LAN (${pattern})`,
        "match the nodes' own network cards only, such as ^ens18$",
      );
    }),
};

/** Cilium answers ARP on its own devices only. */
export const interfaceIsADevice: Rule = {
  name: "interface-is-a-device",
  check: (settings) => {
    const { devices } = settings.routing;
    // What a prefix stands for is known on the nodes only.
    if (devices.length === 0 || devices.some((device) => device.endsWith("+"))) return [];
    return interfaces(settings).flatMap(({ path, pattern, matches }) =>
      problemIf(
        !devices.some(matches),
        path,
        `it matches none of routing.devices, on which alone Cilium answers (${pattern}; ${devices.join(", ")})`,
        "match one of them, or add the interface to routing.devices",
      ),
    );
  },
};

/** One policy for a Service: with two, two nodes hold a lease of it and answer in turn. */
export const onePolicyForAService: Rule = {
  name: "one-policy-for-a-service",
  check: ({ loadBalancing: { policies } }) =>
    policies.flatMap((policy, index) =>
      policies
        .slice(0, index)
        .flatMap((earlier, position) =>
          problemIf(
            policy.serviceSelector === undefined ||
              earlier.serviceSelector === undefined ||
              isDeepStrictEqual(policy.serviceSelector, earlier.serviceSelector),
            `loadBalancing.policies.${index}`,
            `it announces Services that loadBalancing.policies.${position} announces, too (${earlier.name} and ${policy.name})`,
            "give each a serviceSelector that has none in common with the other, or make them one",
          ),
        ),
    ),
};

/** A policy selects nodes that there are. */
export const policyHasNodes: Rule = {
  name: "policy-has-nodes",
  check: ({ loadBalancing: { policies }, nodes }) =>
    policies.flatMap(({ nodeSelector }, index) =>
      problemIf(
        nodes.workers.length === 0 &&
          (nodeSelector.matchExpressions ?? []).some(
            ({ key, operator }) =>
              key === "node-role.kubernetes.io/control-plane" && operator === "DoesNotExist",
          ),
        `loadBalancing.policies.${index}.nodeSelector`,
        "it leaves the control planes out, and there are no workers (node-role.kubernetes.io/control-plane DoesNotExist)",
        "let control planes announce, or list workers in nodes.workers",
      ),
    ),
};

/** A Gateway's address is announced by a node without its backend, which Local then drops (cilium#26586). */
export const gatewayTrafficPolicyLocal: Rule = {
  name: "gateway-traffic-policy-local",
  check: ({ loadBalancing }) =>
    problemIf(
      loadBalancing.gatewayTrafficPolicy === "Local" && loadBalancing.policies.length > 0,
      "loadBalancing.gatewayTrafficPolicy",
      "with L2 announcements every Gateway's address is dead (Local)",
      "leave it at Cluster, or announce by BGP and leave loadBalancing.policies out",
    ),
};

/** A holder must have had time to renew before another node takes over. */
export const leaseDuration: Rule = {
  name: "lease-duration",
  check: ({ loadBalancing: { leaseDuration: duration, leaseRenewDeadline: deadline } }) =>
    problemIf(
      duration <= deadline,
      "loadBalancing.leaseDuration",
      `it must be longer than leaseRenewDeadline (${duration} s, ${deadline} s)`,
      `use ${3 * deadline}, or a shorter leaseRenewDeadline`,
    ),
};

/** Within the deadline there must be time for more than one try (client-go, leader election: factor 1.2). */
export const leaseRetryPeriod: Rule = {
  name: "lease-retry-period",
  check: ({ loadBalancing: { leaseRenewDeadline: deadline, leaseRetryPeriod: period } }) =>
    problemIf(
      deadline <= 1.2 * period,
      "loadBalancing.leaseRetryPeriod",
      `leaseRenewDeadline must be longer than 1.2 times it (${period} s, ${deadline} s)`,
      "use a shorter one, or a longer leaseRenewDeadline",
    ),
};

/** Answers straight from the backend's node need that node's own address on the LAN. */
export const dsrNeedsNativeMode: Rule = {
  name: "dsr-needs-native-mode",
  check: ({ loadBalancing: { mode }, routing }) =>
    problemIf(
      mode !== "snat" && routing.mode === "tunnel" && routing.tunnelProtocol === "vxlan",
      "loadBalancing.mode",
      `direct server return does not go through VXLAN (${mode})`,
      "use snat, or routing.mode: native, or routing.tunnelProtocol: geneve",
    ),
};

/** In and NotIn compare with something, Exists and DoesNotExist with nothing (Kubernetes, LabelSelector). */
export const selectorValues: Rule = {
  name: "selector-values",
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
    ].flatMap(({ path, selector }) =>
      (selector?.matchExpressions ?? []).flatMap(({ operator, values = [] }, index) =>
        problemIf(
          operator.endsWith("In") !== values.length > 0,
          `${path}.matchExpressions.${index}`,
          `${operator} with ${values.length === 0 ? "no values" : "values"} (${JSON.stringify(values)})`,
          operator.endsWith("In") ? "list the values" : "leave values out",
        ),
      ),
    ),
};
