import { type AddressRange, overlaps } from "./addresses";

interface Ranged {
  readonly range: AddressRange;
}

/**
 * Finds every pair of an item and another one whose ranges share an address, sorted by the position of the item and then
 * of the other. The time grows with n log n of the items and with the pairs found, so that a stack may have thousands of
 * nodes and pools.
 */
export function overlappingPairs<T extends Ranged, U extends Ranged>(
  items: readonly T[],
  others: readonly U[],
): [item: T, other: U][] {
  return positionsOfPairs(items, others).map(([index, otherIndex]) => [
    items[index] as T,
    others[otherIndex] as U,
  ]);
}

/** Finds every pair within one list whose ranges share an address, sorted by the later item and then by the earlier. */
export function overlappingPairsWithin<T extends Ranged>(
  items: readonly T[],
): [later: T, earlier: T][] {
  return positionsOfPairs(items, items)
    .filter(([later, earlier]) => earlier < later)
    .map(([later, earlier]) => [items[later] as T, items[earlier] as T]);
}

/** One end of a range, which the sweep along the addresses meets. */
interface End {
  readonly address: bigint;
  readonly isStart: boolean;
  readonly isOther: boolean;
  readonly index: number;
}

function positionsOfPairs(
  items: readonly Ranged[],
  others: readonly Ranged[],
): [index: number, otherIndex: number][] {
  const pairs: [number, number][] = [];
  for (const family of ["IPv4", "IPv6"] as const) {
    const ends = [...endsOf(items, family, false), ...endsOf(others, family, true)];
    // Those whose start the sweep has met, and whose end it has not.
    const [openItems, openOthers] = [new Set<number>(), new Set<number>()];
    for (const { isStart, isOther, index } of ends.sort(byAddress)) {
      const [own, opposite] = isOther ? [openOthers, openItems] : [openItems, openOthers];
      if (isStart) {
        own.add(index);
        for (const met of opposite) pairs.push(isOther ? [met, index] : [index, met]);
      } else {
        own.delete(index);
      }
    }
  }
  return pairs
    .filter(([index, otherIndex]) => {
      const [item, other] = [items[index], others[otherIndex]];
      return item !== undefined && other !== undefined && overlaps(item.range, other.range);
    })
    .sort(([a, otherOfA], [b, otherOfB]) => a - b || otherOfA - otherOfB);
}

/**
 * The ends of a family's ranges. A range whose ends are swapped is swept from its lower address to its upper one: the
 * sweep then finds pairs that do not overlap, which are filtered out, but misses none.
 */
function endsOf(items: readonly Ranged[], family: AddressRange["family"], isOther: boolean): End[] {
  return items.flatMap(({ range }, index) => {
    if (range.family !== family) return [];
    const { first, last } = range;
    const [lower, upper] = first <= last ? [first, last] : [last, first];
    return [
      { address: lower, isStart: true, isOther, index },
      { address: upper, isStart: false, isOther, index },
    ];
  });
}

/** At one address starts come before ends, as both ends belong to a range. */
function byAddress(a: End, b: End): number {
  if (a.address !== b.address) return a.address < b.address ? -1 : 1;
  return Number(b.isStart) - Number(a.isStart);
}
