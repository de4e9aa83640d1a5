import { type AddressRange, cidrRange, familyOf, single } from "./addresses";
import type { Settings } from "./schema";

/** A range of addresses and the key of the configuration that it belongs to. */
export interface Owner {
  /** Path in the stack file: nodes.controlPlanes.0. */
  readonly path: string;
  /** The range. */
  readonly range: AddressRange;
  /** As the stack file has it. */
  readonly text: string;
}

/** The nodes' own addresses. */
export function nodeOwners({ nodes }: Settings): Owner[] {
  return (["controlPlanes", "workers"] as const).flatMap((role) =>
    nodes[role].map((address, index) => ({
      path: `nodes.${role}.${index}`,
      range: single(address),
      text: address,
    })),
  );
}

/** The pod CIDRs. */
export function podOwners({ network }: Settings): Owner[] {
  return network.podCidrs.map((cidr, index) => cidrOwner(`network.podCidrs.${index}`, cidr));
}

/** The service CIDRs. */
export function serviceOwners({ network }: Settings): Owner[] {
  return network.serviceCidrs.map((cidr, index) =>
    cidrOwner(`network.serviceCidrs.${index}`, cidr),
  );
}

/** The LAN, if it is configured. */
export function lanOwner({ lan }: Settings): Owner | undefined {
  return lan.cidr === undefined ? undefined : cidrOwner("lan.cidr", lan.cidr);
}

/** The router, if it is configured. */
export function gatewayOwner({ lan }: Settings): Owner | undefined {
  if (lan.gateway === undefined) return undefined;
  return { path: "lan.gateway", range: single(lan.gateway), text: lan.gateway };
}

/** What DHCP gives out, if it is configured. */
export function dhcpOwner({ lan }: Settings): Owner | undefined {
  if (lan.dhcp === undefined) return undefined;
  return { path: "lan.dhcp", range: lan.dhcp, text: `${lan.dhcp.start} to ${lan.dhcp.stop}` };
}

/** The pools; one without a whole range of one family is left out (the rules pool-shape and
 * pool-ends-of-one-family name it). */
export function poolOwners({ loadBalancing }: Settings): Owner[] {
  return loadBalancing.pools.flatMap(({ start, stop, cidr }, index) => {
    const path = `loadBalancing.pools.${index}`;
    if (cidr !== undefined) return [cidrOwner(path, cidr)];
    if (start === undefined || stop === undefined || familyOf(start) !== familyOf(stop)) return [];
    return [{ path, range: { start, stop }, text: `${start} to ${stop}` }];
  });
}

function cidrOwner(path: string, cidr: string): Owner {
  return { path, range: cidrRange(cidr), text: cidr };
}
