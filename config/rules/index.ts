import * as announcements from "./announcements";
import * as bgp from "./bgp";
import * as cluster from "./cluster";
import * as network from "./network";
import * as pools from "./pools";
import * as routing from "./routing";
import type { Rule } from "./rule";
import * as software from "./software";
import * as userValues from "./userValues";

/** Every rule, in the order in which problems are reported. */
export const rules: readonly Rule[] = [
  cluster,
  network,
  routing,
  pools,
  announcements,
  bgp,
  software,
  userValues,
].flatMap((topic) => Object.values<unknown>(topic).filter(isRule));

function isRule(exported: unknown): exported is Rule {
  return typeof exported === "object" && exported !== null && "check" in exported;
}
