import type { Problem } from "../configError";
import type { Settings } from "../schema";

/** One rule of the field: a pure check of settings whose shape is already right. */
export interface Rule {
  /** Name, which is also that of its fixtures in tests/fixtures. */
  readonly name: string;
  /** Returns what is wrong, nothing when all is well. */
  check(settings: Settings): Problem[];
}
