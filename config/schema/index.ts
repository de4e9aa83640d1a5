import type { z } from "zod";
import { cluster, kubePrism, lan, nodes, talos } from "./cluster";
import { bgp, loadBalancing } from "./loadBalancing";
import { bandwidthManager, encryption, kubeProxyReplacement, network, routing } from "./network";
import { cilium, gatewayApi, hubble, prometheus, verification } from "./software";

/**
 * Schema of each key of a stack's configuration. Every field has a description: its meaning, its unit or format, and the
 * source of its numbers. docs/configuration.md and Pulumi.yaml are made from these. Objects are strict: an unknown key is
 * a mistake.
 */
export const schema = {
  cluster,
  nodes,
  lan,
  kubePrism,
  talos,
  network,
  routing,
  kubeProxyReplacement,
  encryption,
  bandwidthManager,
  gatewayApi,
  cilium,
  loadBalancing,
  bgp,
  hubble,
  prometheus,
  verification,
};

export type Key = keyof typeof schema;

/** The configuration of one stack, with its defaults. */
export type Settings = { readonly [K in Key]: DeepReadonly<z.output<(typeof schema)[K]>> };

/** The Gateway API where it is on. */
export type GatewayApi = Settings["gatewayApi"] & { readonly version: string };

/** The Gateway API of a stack; undefined where it is off. */
export function gatewayApiOf({ gatewayApi }: Settings): GatewayApi | undefined {
  const { enabled, version } = gatewayApi;
  return enabled && version !== undefined ? { ...gatewayApi, version } : undefined;
}

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;
