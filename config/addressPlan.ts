import {
  type AddressRange,
  addressRange,
  cidrRange,
  describeRange,
  familyOf,
  single,
} from "./addresses";
import type { Settings } from "./schema";

/** A range of addresses that a key of the configuration claims. */
export interface AddressClaim {
  /** Key in the stack file: nodes.controlPlanes.0. */
  readonly path: string;
  readonly range: AddressRange;
  /** The range as the stack file has it. */
  readonly text: string;
}

/** Claims of one kind, in the order of the stack file. */
export type ClaimsOf = (settings: Settings) => readonly AddressClaim[];

export const nodeClaims = oncePerSettings(({ nodes }) =>
  (["controlPlanes", "workers"] as const).flatMap((role) =>
    nodes[role].map((address, index) => addressClaim(`nodes.${role}.${index}`, address)),
  ),
);

export const podClaims = oncePerSettings(({ network }) =>
  network.podCidrs.map((cidr, index) => cidrClaim(`network.podCidrs.${index}`, cidr)),
);

export const serviceClaims = oncePerSettings(({ network }) =>
  network.serviceCidrs.map((cidr, index) => cidrClaim(`network.serviceCidrs.${index}`, cidr)),
);

/** The LAN; no claim where the stack does not configure it. */
export const lanClaims = oncePerSettings(({ lan }) =>
  lan.cidr === undefined ? [] : [cidrClaim("lan.cidr", lan.cidr)],
);

/** The router; no claim where the stack does not configure it. */
export const gatewayClaims = oncePerSettings(({ lan }) =>
  lan.gateway === undefined ? [] : [addressClaim("lan.gateway", lan.gateway)],
);

/** The range of the DHCP server; no claim where the stack does not configure it. */
export const dhcpClaims = oncePerSettings(({ lan }) =>
  lan.dhcp === undefined ? [] : [rangeClaim("lan.dhcp", lan.dhcp.start, lan.dhcp.stop)],
);

/** The pools, without those that are no range of one family: pool-range-or-cidr and pool-ends-same-family refuse them. */
export const poolClaims = oncePerSettings(({ loadBalancing }) =>
  loadBalancing.pools.flatMap(({ start, stop, cidr }, index) => {
    const path = `loadBalancing.pools.${index}`;
    if (cidr !== undefined) return [cidrClaim(path, cidr)];
    if (start === undefined || stop === undefined || familyOf(start) !== familyOf(stop)) return [];
    return [rangeClaim(path, start, stop)];
  }),
);

export const bgpPeerClaims = oncePerSettings(({ bgp }) =>
  bgp.peers.map(({ address }, index) => addressClaim(`bgp.peers.${index}.address`, address)),
);

function addressClaim(path: string, address: string): AddressClaim {
  return { path, range: single(address), text: address };
}

function rangeClaim(path: string, start: string, stop: string): AddressClaim {
  return { path, range: addressRange(start, stop), text: describeRange({ start, stop }) };
}

function cidrClaim(path: string, cidr: string): AddressClaim {
  return { path, range: cidrRange(cidr), text: cidr };
}

/** Remembers the claims of each Settings: many rules ask for them, and to parse an address takes microseconds. */
function oncePerSettings(claimsOf: ClaimsOf): ClaimsOf {
  const known = new WeakMap<Settings, readonly AddressClaim[]>();
  return (settings) => {
    const claims = known.get(settings) ?? claimsOf(settings);
    known.set(settings, claims);
    return claims;
  };
}
