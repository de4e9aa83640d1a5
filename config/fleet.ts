import { contains, overlaps } from "./addresses";
import { lanOwner, nodeOwners, type Owner, poolOwners } from "./addressPlan";
import { ConfigError, type Problem } from "./configError";
import type { Settings } from "./schema";

/** A stack of the project with its settings. */
export interface Site {
  /** Name of the stack: prod, for Pulumi.prod.yaml. */
  readonly stack: string;
  /** Its settings. */
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

/** Two sites on one LAN have neither a node's nor a Service's address in common: both would answer ARP for it. */
function addressesOnOneLan(sites: readonly Site[]): Problem[] {
  return sites.flatMap((site, index) =>
    sites
      .slice(0, index)
      .filter((other) => onOneLan(site.settings, other.settings))
      .flatMap((other) => collisions(site, other)),
  );
}

/** LANs are one when they have one name, or, where one has none, when their CIDRs overlap. */
function onOneLan(a: Settings, b: Settings): boolean {
  if (a.lan.name !== undefined && b.lan.name !== undefined) return a.lan.name === b.lan.name;
  if (a.lan.name !== undefined || b.lan.name !== undefined) return false;
  const [lanOfA, lanOfB] = [lanOwner(a), lanOwner(b)];
  return lanOfA !== undefined && lanOfB !== undefined && overlaps(lanOfA.range, lanOfB.range);
}

function collisions(site: Site, other: Site): Problem[] {
  return announced(site).flatMap((ours) =>
    announced(other)
      .filter((theirs) => overlaps(ours.range, theirs.range))
      .map((theirs) => ({
        path: `${site.stack}: ${ours.path}`,
        wrong: `${ours.text} overlaps ${other.stack}: ${theirs.path} (${theirs.text}) on the same LAN`,
        fix: "take ranges of the LAN that are apart, or give the LANs names (lan.name) if they are two",
      })),
  );
}

/** Addresses that a site's machines answer ARP for. */
function announced({ settings }: Site): Owner[] {
  const lan = lanOwner(settings);
  return [...nodeOwners(settings), ...poolOwners(settings)].filter(
    ({ range }) => lan === undefined || contains(lan.range, range),
  );
}
