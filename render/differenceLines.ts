import { sortBy } from "es-toolkit/array/sortBy";
import { EFFECTS, type Effect } from "./effects";
import type { ObjectChange } from "./objectChange";
import { describeField } from "./showValue";

/** A difference on one line, and what it does. */
export interface DifferenceLine {
  readonly effect: Effect;
  /** `ConfigMap kube-system/cilium-config, data.mtu: "0" → "1400"` */
  readonly line: string;
}

/** Every difference on a line of its own, the most harmful first, then by object and field. */
export function differenceLines(changes: readonly ObjectChange[]): DifferenceLine[] {
  const lines = sortBy(changes, ["object"]).flatMap(({ object, change, fields, effect }) => {
    if (change === "added") return [{ effect, line: `${object}: nothing → there` }];
    if (change === "removed") return [{ effect, line: `${object}: there → nothing` }];
    return fields.map((field) => ({
      effect: field.effect,
      line: `${object}, ${describeField(field)}`,
    }));
  });
  return sortBy(lines, [({ effect }) => EFFECTS.indexOf(effect)]);
}
