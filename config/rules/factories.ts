import { type AddressRange, canonicalCidrOf, cidrRange, overlaps, precedes } from "../addresses";
import type { Owner } from "../addressPlan";
import type { Settings } from "../schema";
import { problem, problemIf, type Rule, repeated } from "./rule";

/** A rule that CIDRs have no host bits: Kubernetes, Talos and Cilium would each read one that has in its own way. */
export function canonical(
  name: string,
  ownersOf: (settings: Settings) => readonly (Owner | undefined)[],
): Rule {
  return {
    name,
    check: (settings) =>
      ownersOf(settings).flatMap((owner) => {
        if (owner === undefined || !owner.text.includes("/")) return [];
        const [address = ""] = owner.text.split("/");
        return problemIf(
          precedes(owner.range.start, address),
          owner.path,
          `host bits are set (${owner.text})`,
          `did you mean ${canonicalCidrOf(owner.text)}?`,
        );
      }),
  };
}

/** A rule that two kinds of addresses have none in common; both owners are named. */
export function apart(
  name: string,
  ofThese: (settings: Settings) => readonly (Owner | undefined)[],
  andThose: (settings: Settings) => readonly (Owner | undefined)[],
  fix: string,
): Rule {
  return {
    name,
    check: (settings) =>
      ofThese(settings).flatMap((one) =>
        andThose(settings).flatMap((other) =>
          one === undefined || other === undefined
            ? []
            : problemIf(
                overlaps(one.range, other.range),
                one.path,
                `${one.text} overlaps ${other.path} (${other.text})`,
                fix,
              ),
        ),
      ),
  };
}

/** Ranges that no pod, Service or pool may be in (RFC 6890), with their names. */
const SPECIAL: readonly [name: string, cidr: string][] = [
  ["loopback", "127.0.0.0/8"],
  ["link-local", "169.254.0.0/16"],
  ["multicast", "224.0.0.0/4"],
  ["loopback", "::1/128"],
  ["link-local", "fe80::/10"],
  ["multicast", "ff00::/8"],
];

/** Name of the special range that a range overlaps. */
function specialName(range: AddressRange): string | undefined {
  return SPECIAL.find(([, cidr]) => overlaps(range, cidrRange(cidr)))?.[0];
}

/** A rule that a range holds no loopback, link-local or multicast address. */
export function notSpecial(
  name: string,
  ownersOf: (settings: Settings) => readonly Owner[],
  fix = "take a private range, such as 10.14.0.0/16",
): Rule {
  return {
    name,
    check: (settings) =>
      ownersOf(settings).flatMap(({ path, range, text }) => {
        const special = specialName(range);
        return problemIf(
          special !== undefined,
          path,
          `it overlaps the ${special} addresses (${text})`,
          fix,
        );
      }),
  };
}

/** A rule that names among things of one kind are unique; Kubernetes would have one object of them. */
export function uniqueNames(
  name: string,
  path: string,
  namesOf: (settings: Settings) => readonly string[],
): Rule {
  return {
    name,
    check: (settings) =>
      repeated(namesOf(settings), (text) => text).map(([text, positions]) =>
        problem(
          `${path}.${positions[1]}.name`,
          `${positions.map((position) => `${path}.${position}`).join(" and ")} have one name (${text})`,
          "give each a name of its own",
        ),
      ),
  };
}
