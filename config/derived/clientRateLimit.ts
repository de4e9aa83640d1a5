import { rangeSize } from "../addresses";
import { l2PoolClaims } from "../addressPlan";
import type { Settings } from "../schema";

/** Requests a second: the least limit, and the part that is for other work than the leases. */
const LEAST_QPS = 20;
const OTHER_QPS = 10;

/** A pool of IPv6 addresses has more addresses than anybody has Services, so it counts for this many. */
const MAX_SERVICES = 1000;

/**
 * Requests a second that each agent may make. The agent renews a lease for every announced Service once in a renew
 * deadline, beside its other work, so: max(20, services / renew deadline + 10), and twice that in a burst
 * (https://docs.cilium.io/en/stable/network/l2-announcements/#sizing-client-rate-limit).
 * @param services Services that are announced at once.
 * @param renewDeadline seconds.
 */
export function clientRateLimit(
  services: number,
  renewDeadline: number,
): { qps: number; burst: number } {
  const qps = Math.max(LEAST_QPS, Math.ceil(services / renewDeadline) + OTHER_QPS);
  return { qps, burst: 2 * qps };
}

/**
 * The rate limit of a stack, for the Services that its settings name, or else for one at each address that L2 announces;
 * undefined where L2 announces none, as no lease is renewed then.
 */
export function clientRateLimitOf(settings: Settings): { qps: number; burst: number } | undefined {
  const { policies, services, leaseRenewDeadline } = settings.loadBalancing;
  if (policies.length === 0) return undefined;
  const addresses = l2PoolClaims(settings).reduce((sum, { range }) => sum + rangeSize(range), 0);
  return clientRateLimit(services ?? Math.min(addresses, MAX_SERVICES), leaseRenewDeadline);
}

/**
 * The inverse of {@link clientRateLimit}: the most Services that a limit is enough for; undefined below the least limit.
 * @param qps requests a second.
 * @param renewDeadline seconds.
 */
export function servicesWithin(qps: number, renewDeadline: number): number | undefined {
  return qps < LEAST_QPS ? undefined : (qps - OTHER_QPS) * renewDeadline;
}
