import { isDeepStrictEqual } from "node:util";
import type { Settings } from "../schema";
import { valueAt } from "./helmValues";
import { managedValues } from "./managedValues";

/** A value that cilium.values sets to something else than the key that manages it. */
export interface ValueConflict {
  /** Path in the chart's values. */
  readonly path: string;
  /** Key of the configuration that manages the value. */
  readonly key: string;
  /** What the program sets because of the key. */
  readonly managed: unknown;
  /** What cilium.values sets. */
  readonly user: unknown;
}

/** Values that both a key and cilium.values set, and differently. */
export function conflictingValues(settings: Settings): ValueConflict[] {
  return managedValues(settings).flatMap(({ path, key, value: managed }) => {
    const user = valueAt(settings.cilium.values, path);
    const isConflict =
      managed !== undefined && user !== undefined && !isDeepStrictEqual(managed, user);
    return isConflict ? [{ path, key, managed, user }] : [];
  });
}
