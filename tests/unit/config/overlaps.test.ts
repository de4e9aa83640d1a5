import assert from "node:assert/strict";
import fc from "fast-check";
import { addressRange, overlaps } from "../../../config/addresses";
import { overlappingPairs, overlappingPairsWithin } from "../../../config/overlaps";

/** Ranges within 16 addresses of each family, so that many overlap; the ends of some are swapped. */
const item = fc
  .tuple(fc.constantFrom("10.0.0.", "fd00::"), fc.nat(15), fc.nat(15))
  .map(([prefix, start, stop]) => {
    const end = (last: number) => `${prefix}${prefix.includes(":") ? last.toString(16) : last}`;
    return { range: addressRange(end(start), end(stop)) };
  });
const items = fc.array(item, { maxLength: 12 });

describe("overlapping pairs", function () {
  this.timeout(60_000);

  it("are those that comparing each item with each other finds, in the same order", () => {
    fc.assert(
      fc.property(items, items, (ones, others) => {
        const expected = ones.flatMap((one) =>
          others
            .filter((other) => overlaps(one.range, other.range))
            .map((other) => [one, other] as const),
        );
        const found = overlappingPairs(ones, others);
        assert.equal(found.length, expected.length);
        for (const [index, [one, other]] of expected.entries()) {
          assert.equal(found[index]?.[0], one);
          assert.equal(found[index]?.[1], other);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("within one list are each pair once, the later item first", () => {
    fc.assert(
      fc.property(items, (ones) => {
        const expected = ones.flatMap((later, index) =>
          ones
            .slice(0, index)
            .filter((earlier) => overlaps(later.range, earlier.range))
            .map((earlier) => [later, earlier] as const),
        );
        const found = overlappingPairsWithin(ones);
        assert.equal(found.length, expected.length);
        for (const [index, [later, earlier]] of expected.entries()) {
          assert.equal(found[index]?.[0], later);
          assert.equal(found[index]?.[1], earlier);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("are found among 20,000 ranges without comparing each with each", () => {
    let reads = 0;
    /** A range of an address and the next one, which counts how often it is looked at. */
    const counted = (number: number) => {
      const range = addressRange(textOf(number), textOf(number + 1));
      return {
        range: {
          ...range,
          get first() {
            reads++;
            return range.first;
          },
        },
      };
    };
    const ones = Array.from({ length: 10_000 }, (_, index) => counted(4 * index));
    const others = Array.from({ length: 10_000 }, (_, index) => counted(4 * index + 2));
    // It begins before all of them and ends after them, so it must not hide those that begin later.
    const around = { range: addressRange("10.0.0.0", "10.255.255.255") };
    const found = overlappingPairs(ones, [around, ...others]);
    assert.equal(found.length, ones.length);
    assert.ok(found.every(([, other]) => other === around));
    assert.ok(reads < 10 * (ones.length + others.length), `${reads} reads`);
  });
});

function textOf(number: number): string {
  return `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
}
