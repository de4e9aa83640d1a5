import { valueAt } from "../config";
import type { Change } from "./importReport";
import { removeAt, setAt, showValue, type Tree } from "./tree";

/**
 * Values of older charts in today's words. `tunnel` was removed in Cilium 1.15, where the chart refuses it:
 * https://docs.cilium.io/en/v1.15/operations/upgrade/
 * @returns the values, and what was changed in them.
 */
export function inTodaysWords(values: Tree): { values: Tree; changes: Change[] } {
  const today = structuredClone(values);
  const changes: Change[] = [];
  const { tunnel } = values;
  if (typeof tunnel === "string" && ["disabled", "vxlan", "geneve"].includes(tunnel)) {
    removeAt(today, ["tunnel"]);
    const mode = tunnel === "disabled" ? "native" : "tunnel";
    if (valueAt(today, "routingMode") === undefined) setAt(today, ["routingMode"], mode);
    if (mode === "tunnel" && valueAt(today, "tunnelProtocol") === undefined) {
      setAt(today, ["tunnelProtocol"], tunnel);
    }
    changes.push({
      harm: "other",
      what: `tunnel (${showValue(tunnel)})`,
      why: `read as routingMode: ${mode}${mode === "tunnel" ? `, tunnelProtocol: ${tunnel}` : ""}; the charts since 1.15 refuse tunnel`,
    });
  }
  const { nativeRoutingCIDR } = values;
  if (typeof nativeRoutingCIDR === "string") {
    removeAt(today, ["nativeRoutingCIDR"]);
    if (valueAt(today, "ipv4NativeRoutingCIDR") === undefined) {
      setAt(today, ["ipv4NativeRoutingCIDR"], nativeRoutingCIDR);
    }
    changes.push({
      harm: "other",
      what: `nativeRoutingCIDR (${nativeRoutingCIDR})`,
      why: "read as ipv4NativeRoutingCIDR; charts since 1.12 do not read the old name",
    });
  }
  return { values: today, changes };
}
