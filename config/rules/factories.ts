import { type AddressRange, canonicalCidrOf, cidrRange, overlaps, single } from "../addresses";
import type { AddressClaim, ClaimsOf } from "../addressPlan";
import type { Problem } from "../configError";
import { overlappingPairs, overlappingPairsWithin } from "../overlaps";
import type { Settings } from "../schema";
import { problemIf, type Rule } from "./rule";

type Named = Pick<Rule, "name" | "description">;

/** Makes a rule that no CIDR among some claims has host bits. */
export function canonical({ claims, ...named }: Named & { claims: ClaimsOf }): Rule {
  return {
    ...named,
    severity: "error",
    check: (settings) =>
      claims(settings)
        .filter(({ text }) => text.includes("/"))
        .flatMap(({ path, range, text }) => {
          const [address = ""] = text.split("/");
          return problemIf(range.first < single(address).first, {
            path,
            wrong: `host bits are set (${text})`,
            fix: `did you mean ${canonicalCidrOf(text)}?`,
          });
        }),
  };
}

/** Makes a rule that claims of two kinds have no address in common. A problem is reported at `claims`. */
export function disjoint({
  claims,
  others,
  fix,
  ...named
}: Named & { claims: ClaimsOf; others: ClaimsOf; fix: string }): Rule {
  return {
    ...named,
    severity: "error",
    check: (settings) =>
      overlappingPairs(claims(settings), others(settings)).map((pair) => overlap(...pair, fix)),
  };
}

/** Makes a rule that no two claims of one kind have an address in common. A problem is reported at the later one. */
export function mutuallyDisjoint({
  claims,
  fix,
  ...named
}: Named & { claims: ClaimsOf; fix: string }): Rule {
  return {
    ...named,
    severity: "error",
    check: (settings) =>
      overlappingPairsWithin(claims(settings)).map((pair) => overlap(...pair, fix)),
  };
}

function overlap({ path, text }: AddressClaim, other: AddressClaim, fix: string): Problem {
  return { path, wrong: `${text} overlaps ${other.path} (${other.text})`, fix };
}

/** Ranges that no pod, Service or pool may be in (RFC 6890). */
const RESERVED: readonly { readonly name: string; readonly range: AddressRange }[] = [
  { name: "loopback", range: cidrRange("127.0.0.0/8") },
  { name: "link-local", range: cidrRange("169.254.0.0/16") },
  { name: "multicast", range: cidrRange("224.0.0.0/4") },
  { name: "loopback", range: cidrRange("::1/128") },
  { name: "link-local", range: cidrRange("fe80::/10") },
  { name: "multicast", range: cidrRange("ff00::/8") },
];

/** Makes a rule that claims have no loopback, link-local or multicast address. */
export function notReserved({
  claims,
  fix,
  ...named
}: Named & { claims: ClaimsOf; fix: string }): Rule {
  return {
    ...named,
    severity: "error",
    check: (settings) =>
      claims(settings).flatMap(({ path, range, text }) => {
        const reserved = RESERVED.find((candidate) => overlaps(range, candidate.range));
        return problemIf(reserved !== undefined, {
          path,
          wrong: `it overlaps the ${reserved?.name} addresses (${text})`,
          fix,
        });
      }),
  };
}

/** Makes a rule that the elements of a list have names of their own. */
export function uniqueNames({
  path,
  names,
  ...named
}: Named & { path: string; names: (settings: Settings) => readonly string[] }): Rule {
  return {
    ...named,
    severity: "error",
    check: (settings) =>
      duplicates(names(settings), (name) => name).map(([name, positions]) => ({
        path: `${path}.${positions[1]}.name`,
        wrong: `${positions.map((position) => `${path}.${position}`).join(" and ")} have the same name (${name})`,
        fix: "give each a name of its own",
      })),
  };
}

/** Keys that several items share, each with the positions of these items. */
export function duplicates<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
): [key: string, positions: number[]][] {
  const positionsByKey = new Map<string, number[]>();
  for (const [index, item] of items.entries()) {
    const key = keyOf(item);
    const positions = positionsByKey.get(key);
    if (positions === undefined) positionsByKey.set(key, [index]);
    else positions.push(index);
  }
  return [...positionsByKey].filter(([, positions]) => positions.length > 1);
}
