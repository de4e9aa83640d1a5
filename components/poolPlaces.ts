/**
 * By the name of each new pool, the earlier pool whose place it takes, where one leaves the stack in the same update. The
 * engine deletes that one first: otherwise it would be there until all else is done, Cilium takes the younger of two pools
 * that share an address for a conflict, and the verification fails, now and in every update after.
 */
export function poolPlaces(
  pools: readonly string[],
  earlier: readonly string[],
): ReadonlyMap<string, string> {
  const leaving = earlier.filter((name) => !pools.includes(name));
  const added = pools.filter((name) => !earlier.includes(name)).slice(0, leaving.length);
  return new Map(added.map((name, index) => [name, leaving[index] as string]));
}
