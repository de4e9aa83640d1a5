import type { V1Node } from "@kubernetes/client-node";
import { conditionIsTrue } from "./conditions";

/** A node's addresses on its network: one for each IP family. */
export function internalIps({ status }: V1Node): string[] {
  return (status?.addresses ?? [])
    .filter(({ type }) => type === "InternalIP")
    .map(({ address }) => address);
}

/** All addresses by which a node is known, those on other networks, too. */
export function nodeIps({ status }: V1Node): string[] {
  return (status?.addresses ?? [])
    .filter(({ type }) => type === "InternalIP" || type === "ExternalIP")
    .map(({ address }) => address);
}

export function isNodeReady({ status }: V1Node): boolean {
  return conditionIsTrue(status?.conditions, "Ready");
}
