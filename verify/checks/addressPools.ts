import { isDeepStrictEqual } from "node:util";
import {
  type AddressRange,
  addressRange,
  cidrRange,
  contains,
  count,
  policySpec,
  poolSpec,
  single,
} from "../../config";
import { internalIps } from "../../kubernetes/nodeStatus";
import type { CustomResource } from "../facts/facts";
import {
  addressCount,
  addressRequest,
  loadBalancers,
  poolCondition,
  qualifiedName,
} from "../facts/loadBalancers";
import { defineCheck, type Finding, notApplicable, passedUnless } from "./check";

export const poolsAsConfigured = defineCheck({
  name: "pools",
  title: "the address pools are as configured",
  judge: ({ pools }, { loadBalancing }) =>
    loadBalancing.pools.length === 0
      ? notApplicable("the stack has no pool")
      : passedUnless(
          loadBalancing.pools.flatMap((pool) =>
            differences("CiliumLoadBalancerIPPool", pool.name, poolSpec(pool), pools),
          ),
          loadBalancing.pools.map(({ name }) => name).join(", "),
        ),
});

/** Looks at every pool, whoever made it. */
export const poolsDoNotConflict = defineCheck({
  name: "pool-conflict",
  title: "no address pool overlaps another pool, or contains a node's address",
  judge: ({ pools, nodes }) => {
    const expected = "addresses that no other pool or node has";
    const next =
      "delete the pool that the stack does not have: kubectl get ciliumloadbalancerippools";
    const findings = pools.flatMap((pool): Finding[] => {
      const ranges = rangesOf(pool);
      const { status, message } = poolCondition(pool, "PoolConflict") ?? {};
      const problems = nodes.flatMap((node) =>
        internalIps(node)
          .filter((ip) => ranges.some((range) => contains(range, single(ip))))
          .map((ip) => `${ip} is the address of ${node.metadata?.name}`),
      );
      if (status === "True") problems.unshift(message ?? "it conflicts with another pool");
      return problems.map((problem) => ({
        seen: `pool ${pool.metadata?.name}: ${problem}`,
        expected,
        next,
      }));
    });
    return passedUnless(findings, `${count(pools.length, "pool")} without a conflict`);
  },
});

/** A pool may be exhausted, as long as no Service waits: it may be as large as it was meant to be. */
export const poolsHaveAddresses = defineCheck({
  name: "pool-addresses",
  title: "no Service waits for an address because a pool is exhausted",
  needs: [poolsAsConfigured],
  judge: (facts) => {
    const pools = facts.pools.map((pool) => ({
      name: pool.metadata?.name,
      available: addressCount(pool, "IPsAvailable"),
      total: addressCount(pool, "IPsTotal"),
    }));
    const exhausted = pools
      .filter(({ available }) => available === 0n)
      .map(({ name, total }) => `${name} (${total})`);
    const waiting = loadBalancers(facts).filter(
      (service) => addressRequest(service)?.reason === "out_of_ips",
    );
    return passedUnless(
      [
        ...pools
          .filter(({ available }) => available === undefined)
          .map(({ name }) => ({
            seen: `pool ${name}: the operator has not reported its addresses`,
            expected: "the number of available addresses",
            next: "kubectl -n kube-system logs deployment/cilium-operator",
          })),
        ...waiting.map((service) => ({
          seen: `${qualifiedName(service)} waits for an address, and all are used of ${exhausted.join(", ")}`,
          expected: "an address for every Service",
          next: "widen the pool in loadBalancing.pools, or add one",
        })),
      ],
      pools
        .map(({ name, available, total }) => `${name}: ${available} of ${total} available`)
        .join("; "),
    );
  },
});

/** A policy without loadBalancerIPs announces nothing, and no status says so. */
export const policiesAsConfigured = defineCheck({
  name: "l2-policies",
  title: "the L2 announcement policies are as configured",
  judge: ({ policies }, { loadBalancing }) =>
    loadBalancing.policies.length === 0
      ? notApplicable("the stack has no L2 announcement policy")
      : passedUnless(
          loadBalancing.policies.flatMap((policy) =>
            differences("CiliumL2AnnouncementPolicy", policy.name, policySpec(policy), policies),
          ),
          loadBalancing.policies.map(({ name }) => name).join(", "),
        ),
});

/** The keys of a spec in which an object differs from the configured one. */
function differences(
  kind: string,
  name: string,
  spec: Record<string, unknown>,
  objects: readonly CustomResource[],
): Finding[] {
  const object = objects.find(({ metadata }) => metadata?.name === name);
  const next = "another tool or person changed it; restore it: pulumi up --refresh";
  if (object === undefined) {
    return [{ seen: `no ${kind} ${name}`, expected: "the configured object", next }];
  }
  // Other keys are not compared: a CRD may add defaults.
  return Object.entries(JSON.parse(JSON.stringify(spec)))
    .filter(([key, value]) => !isDeepStrictEqual(object.spec?.[key], value))
    .map(([key, value]) => ({
      seen: `${kind} ${name}: ${key} is ${JSON.stringify(object.spec?.[key]) ?? "absent"}`,
      expected: JSON.stringify(value),
      next,
    }));
}

function rangesOf({ spec }: CustomResource): AddressRange[] {
  return (spec?.blocks ?? []).map(({ cidr, start = "", stop = start }) =>
    cidr === undefined ? addressRange(start, stop) : cidrRange(cidr),
  );
}
