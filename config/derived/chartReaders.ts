import { mapValues } from "es-toolkit/object/mapValues";
import { isPlainObject } from "es-toolkit/predicate/isPlainObject";
import { resources } from "../schema/types";
import { servicesWithin } from "./clientRateLimit";
import { type HelmValues, valueAt } from "./helmValues";
import { commonRegistry } from "./imageRegistry";

/**
 * Reads a key of the configuration from a value of the chart; undefined stands for the key's default. A value of another
 * form than the chart's is returned as it is, and the schema refuses it.
 * @param value the chart's value, never undefined.
 * @param values all of the chart's values.
 */
export type ChartReader = (value: unknown, values: HelmValues) => unknown;

/** The value itself. */
export const same: ChartReader = (value) => value;

/** Older charts took text: "true" or "strict", "false" or "disabled". */
export const boolean: ChartReader = (value) => {
  if (value === "true" || value === "strict") return true;
  return value === "false" || value === "disabled" ? false : value;
};

/** A number, or its digits as text. */
export const number: ChartReader = (value) =>
  typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;

/** A list, or text with spaces or commas between the elements. */
export const list: ChartReader = (value) =>
  typeof value === "string" ? value.split(/[\s,]+/).filter(Boolean) : value;

const SECONDS: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1, ms: 0.001 };

/** A duration as Go writes it (1m30s), in seconds. */
export const seconds: ChartReader = (value) => {
  if (typeof value !== "string" || !/^(\d+(\.\d+)?(h|ms|m|s))+$/.test(value)) return value;
  return [...value.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g)].reduce(
    (sum, [, amount, unit = ""]) => sum + Number(amount) * (SECONDS[unit] ?? 0),
    0,
  );
};

/** 0 is the chart's default: Cilium detects the MTU. */
export const mtu: ChartReader = (value) => (value === 0 ? undefined : value);

/** Pod CIDRs of the families that are on. The chart's default is IPv4 without IPv6. */
export const podCidrs: ChartReader = (_value, values) => {
  const cidrs = [
    valueAt(values, "ipv4.enabled") === false ? undefined : values.ipv4NativeRoutingCIDR,
    valueAt(values, "ipv6.enabled") === true ? values.ipv6NativeRoutingCIDR : undefined,
  ].filter((cidr) => cidr !== undefined && cidr !== null && cidr !== "");
  return cidrs.length > 0 ? cidrs : undefined;
};

/** With native routing the value chooses the encapsulation of DSR (geneve), for which the configuration has no key. */
export const tunnelProtocol: ChartReader = (value, values) =>
  isNative(values) ? undefined : value;

/** Native routing without routes from Cilium leaves them to the network; with tunnels the value is false anyway. */
export const routes: ChartReader = (value, values) =>
  value === false && isNative(values) ? "network" : "cilium";

function isNative(values: HelmValues): boolean {
  return values.routingMode === "native";
}

/** The chart's default type is IPsec. */
export const encryptionType: ChartReader = (_value, values) => {
  if (valueAt(values, "encryption.enabled") !== true) return "none";
  return valueAt(values, "encryption.type") ?? "ipsec";
};

/** Services that the rate limit is enough for. */
export const services: ChartReader = (qps, values) => {
  const limit = number(qps, values);
  const deadline = seconds(valueAt(values, "l2announcements.leaseRenewDeadline") ?? "5s", values);
  const areNumbers = typeof limit === "number" && typeof deadline === "number";
  return areNumbers ? servicesWithin(limit, deadline) : undefined;
};

/** Requests and limits with amounts as text; undefined when the value has more than the configuration takes. */
export const quantities: ChartReader = (value) => resources.safeParse(asText(value)).data;

function asText(value: unknown): unknown {
  if (isPlainObject(value)) return mapValues(value, asText);
  return typeof value === "number" ? String(value) : value;
}

/** cert-manager's issuer; the chart's default is none. */
export const issuer: ChartReader = (value) =>
  isPlainObject(value) && Object.keys(value).length === 0 ? undefined : value;

/** The registry that all images come from. */
export const imageRegistry: ChartReader = (_value, values) => commonRegistry(values);
