import {
  type AddressRange,
  addressRange,
  cidrRange,
  contains,
  describeRange,
  type Family,
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

/** The LAN, at most one CIDR of each family; no claim where the stack does not configure it. */
export const lanClaims = oncePerSettings(({ lan }) => [
  ...(lan.cidr === undefined ? [] : [cidrClaim("lan.cidr", lan.cidr)]),
  ...(lan.ipv6 === undefined ? [] : [cidrClaim("lan.ipv6.cidr", lan.ipv6.cidr)]),
]);

/** The LAN's CIDR of a family. */
export function lanOf(settings: Settings, family: Family): AddressClaim | undefined {
  return lanClaims(settings).find(({ range }) => range.family === family);
}

/** The router; no claim where the stack does not configure it. */
export const gatewayClaims = oncePerSettings(({ lan }) => [
  ...(lan.gateway === undefined ? [] : [addressClaim("lan.gateway", lan.gateway)]),
  ...(lan.ipv6?.gateway === undefined ? [] : [addressClaim("lan.ipv6.gateway", lan.ipv6.gateway)]),
]);

/** The range of the DHCP server; no claim where the stack does not configure it. */
export const dhcpClaims = oncePerSettings(({ lan }) =>
  lan.dhcp === undefined ? [] : [rangeClaim("lan.dhcp", lan.dhcp.start, lan.dhcp.stop)],
);

type Pool = Settings["loadBalancing"]["pools"][number];

/** A range or a CIDR of a pool. */
export type Block = Pick<Pool, "start" | "stop" | "cidr">;

/** The blocks of a pool, which it has itself where it is one block. */
export function blocksOf({ blocks, start, stop, cidr }: Pool): readonly Block[] {
  return blocks ?? [{ start, stop, cidr }];
}

/** Each block of a pool with its key in the stack file: loadBalancing.pools.0, or loadBalancing.pools.0.blocks.1. */
export function poolBlocks({
  loadBalancing,
}: Settings): { path: string; pool: string; block: Block }[] {
  return loadBalancing.pools.flatMap((pool, index) => {
    const path = `loadBalancing.pools.${index}`;
    return blocksOf(pool).map((block, position) => ({
      path: pool.blocks === undefined ? path : `${path}.blocks.${position}`,
      pool: path,
      block,
    }));
  });
}

/**
 * The blocks of the pools, without those that are no range of one family: pool-range-or-cidr and pool-ends-same-family
 * refuse them.
 */
export const poolClaims = oncePerSettings((settings) =>
  poolBlocks(settings).flatMap(({ path, block: { start, stop, cidr } }) => {
    if (cidr !== undefined) return [cidrClaim(path, cidr)];
    if (start === undefined || stop === undefined || familyOf(start) !== familyOf(stop)) return [];
    return [rangeClaim(path, start, stop)];
  }),
);

/**
 * The blocks whose addresses L2 announces: all where there are policies, but where BGP advertises them, too, only those on
 * the LAN.
 */
export const l2PoolClaims = oncePerSettings((settings) => {
  if (settings.loadBalancing.policies.length === 0) return [];
  const claims = poolClaims(settings);
  if (!isAdvertised(settings)) return claims;
  return claims.filter(({ range }) => {
    const lan = lanOf(settings, range.family);
    return lan === undefined || contains(lan.range, range);
  });
});

/** Whether BGP advertises the addresses of LoadBalancer Services. */
export function isAdvertised({ bgp }: Settings): boolean {
  return bgp.peers.length > 0 && bgp.advertise.includes("LoadBalancerIP");
}

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
