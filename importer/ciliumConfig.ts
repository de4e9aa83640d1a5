import { parse } from "yaml";
import { CONFIG_ENTRIES } from "../config";
import { setAt, type Tree } from "./tree";

/** The chart's values that a ConfigMap cilium-config was rendered from, as far as it shows them. */
export function valuesOfCiliumConfig(data: Readonly<Record<string, string>>): Tree {
  const values: Tree = {};
  for (const [entry, path] of Object.entries(CONFIG_ENTRIES)) {
    const text = data[entry];
    // Names such as 007 stay text.
    if (text !== undefined && text !== "") {
      setAt(values, path.split("."), entry === "cluster-name" ? text : parse(text));
    }
  }
  for (const family of ["4", "6"]) {
    const list = data[`cluster-pool-ipv${family}-cidr`]?.split(/[\s,]+/).filter(Boolean) ?? [];
    if (list.length > 0)
      setAt(values, ["ipam", "operator", `clusterPoolIPv${family}PodCIDRList`], list);
  }
  for (const type of ["wireguard", "ipsec"]) {
    if (data[`enable-${type}`] === "true") setAt(values, ["encryption"], { enabled: true, type });
  }
  return values;
}
