import { rangeSize } from "../addresses";
import { poolClaims } from "../addressPlan";
import type { Settings } from "../schema";

/** The least limit, in requests a second, and the part of it that renewing leases leaves to the agent's other work. */
const LEAST_QPS = 20;
const OTHER_QPS = 10;

/** Services that a pool of IPv6 addresses is taken to be for at most; it has more addresses than anybody has Services. */
const MAX_SERVICES = 1000;

/**
 * Requests a second that each agent may make. It renews a lease for every announced Service once in a renew deadline,
 * beside its other work, so: max(20, services / renew deadline + 10), and twice that in a burst
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

/** The rate limit of a stack: for the Services that its settings name, or one for each address of its pools. */
export function clientRateLimitOf(settings: Settings): { qps: number; burst: number } {
  const { services, leaseRenewDeadline } = settings.loadBalancing;
  const addresses = poolClaims(settings).reduce((sum, { range }) => sum + rangeSize(range), 0);
  return clientRateLimit(services ?? Math.min(addresses, MAX_SERVICES), leaseRenewDeadline);
}

/**
 * The inverse of {@link clientRateLimit}: the most Services that a limit is enough for. Undefined below the least limit,
 * which no number of Services leads to.
 * @param qps requests a second.
 * @param renewDeadline seconds.
 */
export function servicesWithin(qps: number, renewDeadline: number): number | undefined {
  return qps < LEAST_QPS ? undefined : (qps - OTHER_QPS) * renewDeadline;
}
