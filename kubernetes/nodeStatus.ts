import type { V1Node } from "@kubernetes/client-node";
import { conditionIsTrue } from "./conditions";

/** A node's addresses on its network: one for each IP family. */
export function internalIps(node: V1Node): string[] {
  return addressesOf(node, ["InternalIP"]);
}

/** All addresses by which a node is known, those on other networks, too. */
export function nodeIps(node: V1Node): string[] {
  return addressesOf(node, ["InternalIP", "ExternalIP"]);
}

function addressesOf({ status }: V1Node, types: readonly string[]): string[] {
  return (status?.addresses ?? [])
    .filter(({ type }) => types.includes(type))
    .map(({ address }) => address);
}

export function isNodeReady({ status }: V1Node): boolean {
  return conditionIsTrue(status?.conditions, "Ready");
}
