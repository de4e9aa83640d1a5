import type { V1Condition, V1Service } from "@kubernetes/client-node";
import { findCondition } from "../../kubernetes/conditions";
import type { ClusterFacts, CustomResource } from "./facts";

/** Services that Cilium gives an address: of type LoadBalancer, with no class or one of Cilium's. */
export function loadBalancers({ services }: Pick<ClusterFacts, "services">): V1Service[] {
  return services.filter(
    ({ spec }) =>
      spec?.type === "LoadBalancer" &&
      (spec.loadBalancerClass === undefined || spec.loadBalancerClass.startsWith("io.cilium/")),
  );
}

/** An object's namespace/name. */
export function qualifiedName({
  metadata,
}: {
  metadata?: { namespace?: string; name?: string };
}): string {
  return `${metadata?.namespace}/${metadata?.name}`;
}

/** LoadBalancer addresses that a Service has. */
export function serviceIps({ status }: V1Service): string[] {
  return (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []);
}

/** The condition in which Cilium's operator says whether a Service got its address. */
export function addressRequest({ status }: V1Service) {
  return findCondition(status?.conditions, "cilium.io/IPAMRequestSatisfied");
}

/** Name of the Lease whose holder announces a Service's addresses. */
export function leaseName({ metadata }: V1Service): string {
  return `cilium-l2announce-${metadata?.namespace}-${metadata?.name}`;
}

/** Name of the node that holds a Service's lease; undefined when none does. */
export function leaseHolder(
  service: V1Service,
  { leases }: Pick<ClusterFacts, "leases">,
): string | undefined {
  const name = leaseName(service);
  const lease = leases.find(({ metadata }) => metadata?.name === name);
  return lease?.spec?.holderIdentity || undefined;
}

/** A condition that Cilium's operator sets on an address pool. */
export function poolCondition(
  { status }: CustomResource,
  type: "PoolConflict" | "IPsAvailable" | "IPsTotal",
): V1Condition | undefined {
  return findCondition(status?.conditions, `cilium.io/${type}`);
}

/** Number of a pool's addresses, which the operator writes into the message of a condition; undefined before it did. */
export function addressCount(
  pool: CustomResource,
  type: "IPsAvailable" | "IPsTotal",
): bigint | undefined {
  const { message = "" } = poolCondition(pool, type) ?? {};
  return /^\d+$/.test(message) ? BigInt(message) : undefined;
}
