import { contains } from "./addresses";
import { type AddressClaim, lanClaims, nodeClaims, poolClaims } from "./addressPlan";
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
  ];
  if (problems.length > 0) throw new ConfigError(problems);
}

/** Clusters that share an id or a name can never be meshed, and share the names in their certificates. */
function uniqueIdentity(sites: readonly Site[], key: "id" | "name"): Problem[] {
  const first = new Map<string | number, string>();
  return sites.flatMap(({ stack, settings }) => {
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
    const [lan] = lanClaims(settings);
    const { name } = settings.lan;
    // Nothing tells which LAN this is.
    if (lan === undefined && name === undefined) continue;
    // LANs without a name are one where their CIDRs overlap. Each claim lies in the CIDR of its LAN, so claims that
    // overlap are on one.
    const claims = claimsByLan.get(name) ?? [];
    claimsByLan.set(name, claims);
    for (const claim of [...nodeClaims(settings), ...poolClaims(settings)]) {
      if (lan === undefined || contains(lan.range, claim.range)) {
        claims.push({ ...claim, stack, site });
      }
    }
  }
  return (
    [...claimsByLan.values()]
      .flatMap(overlappingPairsWithin)
      .filter(([later, earlier]) => earlier.site < later.site)
      // Sorting is stable: within two sites the claims stay in their order.
      .sort(([a, otherOfA], [b, otherOfB]) => a.site - b.site || otherOfA.site - otherOfB.site)
      .map(([later, earlier]) => ({
        path: `${later.stack}: ${later.path}`,
        wrong: `${later.text} overlaps ${earlier.stack}: ${earlier.path} (${earlier.text}) on the same LAN`,
        fix: "use ranges that do not overlap, or name the LANs (lan.name) if they are different",
      }))
  );
}
