import { isDeepStrictEqual } from "node:util";
import { type AddressRange, cidrRange, contains, policySpec, poolSpec, single } from "../../config";
import { internalIps } from "../../kubernetes/nodeStatus";
import type { CustomResource } from "../facts/facts";
import { type Check, count, type Finding, notApplicable, verdict } from "./check";
import { addressRequest, loadBalancers, nameOf } from "./services";

/** The pools are in the cluster as the stack has them. */
export const poolsAsConfigured: Check = {
  name: "pools",
  title: "the address pools are as the stack has them",
  judge: ({ pools }, { loadBalancing }) =>
    verdict(
      loadBalancing.pools.flatMap((pool) =>
        asConfigured("CiliumLoadBalancerIPPool", pool.name, poolSpec(pool), pools),
      ),
      loadBalancing.pools.map(({ name }) => name).join(", "),
    ),
};

/** No pool shares addresses with another one, whoever made that, nor holds the address of a node. */
export const poolsDoNotConflict: Check = {
  name: "pool-conflict",
  title: "no address pool overlaps another one, or a node",
  judge: ({ pools, nodes }) => {
    const next =
      "delete the pool that the stack does not have: kubectl get ciliumloadbalancerippools";
    const expected = "addresses of its own";
    return verdict(
      pools.flatMap((pool): Finding[] => {
        const name = pool.metadata?.name;
        const { status, message } = condition(pool, "PoolConflict") ?? {};
        const taken = nodes.flatMap((node) =>
          internalIps(node)
            .filter((ip) => rangesOf(pool).some((range) => contains(range, single(ip))))
            .map((ip) => `pool ${name}: ${ip} is the address of ${node.metadata?.name}`),
        );
        const conflicts = status === "True" ? [`pool ${name}: ${message}`] : [];
        return [...conflicts, ...taken].map((seen) => ({ seen, expected, next }));
      }),
      `${count(pools.length, "pool")} without a conflict`,
    );
  },
};

/** No Service waits because a pool is used up. One that is, with nobody waiting, may be as large as it was meant to be. */
export const poolsHaveAddresses: Check = {
  name: "pool-addresses",
  title: "no Service waits for an address of a pool that is used up",
  needs: ["pools"],
  judge: (facts) => {
    const counted = facts.pools.map((pool) => ({
      name: pool.metadata?.name,
      available: countOf(pool, "IPsAvailable"),
      total: countOf(pool, "IPsTotal"),
    }));
    const usedUp = counted.filter(({ available }) => available === 0n);
    const waiting = loadBalancers(facts).filter(
      (service) => addressRequest(service)?.reason === "out_of_ips",
    );
    return verdict(
      [
        ...counted
          .filter(({ available }) => available === undefined)
          .map(({ name }) => ({
            seen: `pool ${name}: the operator has said nothing of its addresses`,
            expected: "how many are left",
            next: "kubectl -n kube-system logs deployment/cilium-operator",
          })),
        ...waiting.map((service) => ({
          seen: `${nameOf(service)} waits, with all addresses used of ${usedUp.map(({ name, total }) => `${name} (${total})`).join(", ")}`,
          expected: "an address for every Service",
          next: "widen the pool in loadBalancing.pools, or add one",
        })),
      ],
      counted
        .map(({ name, available, total }) => `${name}: ${available} of ${total} left`)
        .join("; "),
    );
  },
};

/** The policies are in the cluster as the stack has them; one without loadBalancerIPs announces nothing. */
export const policiesAsConfigured: Check = {
  name: "l2-policies",
  title: "the L2 announcement policies are as the stack has them",
  judge: ({ policies }, { loadBalancing }) =>
    loadBalancing.policies.length === 0
      ? notApplicable("the stack has no L2 policy")
      : verdict(
          loadBalancing.policies.flatMap((policy) =>
            asConfigured("CiliumL2AnnouncementPolicy", policy.name, policySpec(policy), policies),
          ),
          loadBalancing.policies.map(({ name }) => name).join(", "),
        ),
};

/** What is different between an object and what was asked for, key by key. */
function asConfigured(
  kind: string,
  name: string,
  spec: Record<string, unknown>,
  objects: readonly CustomResource[],
): Finding[] {
  const object = objects.find(({ metadata }) => metadata?.name === name);
  const next = "something else has changed it: pulumi up --refresh";
  if (object === undefined) return [{ seen: `no ${kind} ${name}`, expected: "it exists", next }];
  // Definitions may add defaults to what was asked for.
  return Object.entries(JSON.parse(JSON.stringify(spec)))
    .filter(([key, value]) => !isDeepStrictEqual(object.spec?.[key], value))
    .map(([key, value]) => ({
      seen: `${kind} ${name}: ${key} is ${JSON.stringify(object.spec?.[key]) ?? "absent"}`,
      expected: JSON.stringify(value),
      next,
    }));
}

/** The addresses that a pool gives out. */
function rangesOf({ spec }: CustomResource): AddressRange[] {
  return (spec?.blocks ?? []).map(({ cidr, start = "", stop = start }) =>
    cidr === undefined ? { start, stop } : cidrRange(cidr),
  );
}

/** A count of addresses, which the operator writes into the message of a condition; undefined when it did not. */
function countOf(pool: CustomResource, type: string): bigint | undefined {
  const { message = "" } = condition(pool, type) ?? {};
  return /^\d+$/.test(message) ? BigInt(message) : undefined;
}

/** A condition of Cilium's operator. */
function condition(pool: CustomResource, type: string) {
  return pool.status?.conditions?.find((candidate) => candidate.type === `cilium.io/${type}`);
}
