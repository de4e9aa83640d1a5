import { contains } from "./addresses";
import {
  type AddressClaim,
  isAdvertised,
  lanClaims,
  nodeClaims,
  podClaims,
  poolClaims,
  serviceClaims,
} from "./addressPlan";
import { ConfigError, type Problem } from "./configError";
import { overlappingPairsWithin } from "./overlaps";
import type { Settings } from "./schema";

/** A stack of the project with its settings. */
export interface Site {
  /** Name of the stack: prod, for Pulumi.prod.yaml. */
  readonly stack: string;
  readonly settings: Settings;
}

/**
 * Checks the stacks of a project against each other.
 * @throws ConfigError naming both stacks of every collision.
 */
export function checkFleet(sites: readonly Site[]): void {
  const problems = [
    ...uniqueIdentity(sites, "id"),
    ...uniqueIdentity(sites, "name"),
    ...addressesOnOneLan(sites),
    ...routesOfOneFabric(sites),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
}

/** Clusters that share an id or a name can never be meshed, and share the names in their certificates. */
function uniqueIdentity(sites: readonly Site[], key: "id" | "name"): Problem[] {
  const first = new Map<string | number, string>();
  return sites.flatMap(({ stack, settings }) => {
    // Clusters with Cilium's default are never meshed.
    if (settings.cluster.id === 0) return [];
    const value = settings.cluster[key];
    const other = first.get(value);
    if (other === undefined) {
      first.set(value, stack);
      return [];
    }
    return [
      {
        path: `${stack}: cluster.${key}`,
        wrong: `${other} has the same (${value})`,
        fix: `give each cluster ${key === "id" ? "an id" : "a name"} of its own`,
      },
    ];
  });
}

/** An address that a machine of a site answers ARP for. */
interface SiteClaim extends AddressClaim {
  readonly stack: string;
  /** Position of the site. */
  readonly site: number;
}

/** Two sites on one LAN have no address in common, of a node or of a Service: both would answer ARP for it. */
function addressesOnOneLan(sites: readonly Site[]): Problem[] {
  const claimsByLan = new Map<string | undefined, SiteClaim[]>();
  for (const [site, { stack, settings }] of sites.entries()) {
    const lans = lanClaims(settings);
    const { name } = settings.lan;
    // Nothing tells which LAN this is.
    if (lans.length === 0 && name === undefined) continue;
    // LANs without a name are one where their CIDRs overlap. Each claim lies in the CIDR of its LAN, so claims that
    // overlap are on one.
    const claims = claimsByLan.get(name) ?? [];
    claimsByLan.set(name, claims);
    for (const claim of [...nodeClaims(settings), ...poolClaims(settings)]) {
      if (lans.length === 0 || lans.some((lan) => contains(lan.range, claim.range))) {
        claims.push({ ...claim, stack, site });
      }
    }
  }
  return collisions(
    claimsByLan.values(),
    " on the same LAN",
    "use ranges that do not overlap, or name the LANs (lan.name) if they are different",
  );
}

/**
 * Claims of two sites that overlap, in the order of the sites.
 * @param groups claims that exclude each other.
 * @param where where they do so, as the message ends.
 */
function collisions(groups: Iterable<readonly SiteClaim[]>, where: string, fix: string): Problem[] {
  return [...groups]
    .flatMap(overlapsOfSites)
    .sort(inOrderOfSites)
    .map(([later, earlier]) => ({
      path: `${later.stack}: ${later.path}`,
      wrong: `${later.text} overlaps ${earlier.stack}: ${earlier.path} (${earlier.text})${where}`,
      fix,
    }));
}

type Overlap = readonly [later: SiteClaim, earlier: SiteClaim];

function overlapsOfSites(claims: readonly SiteClaim[]): Overlap[] {
  return overlappingPairsWithin(claims).filter(([later, earlier]) => earlier.site < later.site);
}

/** Sorting is stable: within two sites the claims stay in their order. */
function inOrderOfSites([a, otherOfA]: Overlap, [b, otherOfB]: Overlap): number {
  return a.site - b.site || otherOfA.site - otherOfB.site;
}

/** Two sites that advertise to the same routers have no route in common: the routers would send packets to either. */
function routesOfOneFabric(sites: readonly Site[]): Problem[] {
  const claimsByFabric = new Map<string | undefined, SiteClaim[]>();
  for (const [site, { stack, settings }] of sites.entries()) {
    const { bgp } = settings;
    if (bgp.peers.length === 0) continue;
    const claims = claimsByFabric.get(bgp.fabric) ?? [];
    claimsByFabric.set(bgp.fabric, claims);
    const advertised = [
      ...(isAdvertised(settings) ? poolClaims(settings) : []),
      ...(bgp.advertise.includes("ClusterIP") ? serviceClaims(settings) : []),
      ...(bgp.advertise.includes("PodCIDR") ? podClaims(settings) : []),
    ];
    claims.push(...advertised.map((claim) => ({ ...claim, stack, site })));
  }
  return collisions(
    claimsByFabric.values(),
    ", and BGP advertises both",
    "use ranges that do not overlap, or name the networks (bgp.fabric) if they are not connected",
  );
}
