import { IMAGES, resourcesSchema } from "../config";
import { isTree, type Tree, valueAt } from "./tree";

/**
 * The registry that all images come from. It is undefined when they are from several, and when the agent or the
 * operator, which every cluster runs, keeps the chart's: the key would move that one, too.
 */
export function registry(_value: unknown, values: Tree): string | undefined {
  const registries = IMAGES.map(([path, repository]) => {
    const image = valueAt(values, path);
    if (image === undefined) return undefined;
    const suffix = `/${repository}`;
    return typeof image === "string" && image.endsWith(suffix)
      ? image.slice(0, -suffix.length)
      : "";
  });
  const [agent, operator] = registries;
  const isCommon = registries.every((other) => other === undefined || other === agent);
  return agent !== "" && agent === operator && isCommon ? agent : undefined;
}

/** Whether the values route natively. */
export function isNative(values: Tree): boolean {
  return values.routingMode === "native";
}

/** Older charts took text: "true", or "strict" for the same. */
export function truth(value: unknown): unknown {
  if (value === "true" || value === "strict") return true;
  return value === "false" || value === "disabled" ? false : value;
}

/** A number, written as text too. */
export function number(value: unknown): unknown {
  return typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
}

/** The chart takes a list, or text with spaces between the elements. */
export function list(value: unknown): unknown {
  return typeof value === "string" ? value.split(/[\s,]+/).filter(Boolean) : value;
}

/** Pod CIDRs of the families that are on; in the chart IPv4 is unless it is turned off, IPv6 is not unless turned on. */
export function podCidrs(_value: unknown, values: Tree): unknown {
  const cidrs = [
    valueAt(values, "ipv4.enabled") === false ? undefined : values.ipv4NativeRoutingCIDR,
    valueAt(values, "ipv6.enabled") === true ? values.ipv6NativeRoutingCIDR : undefined,
  ].filter((cidr) => cidr !== undefined && cidr !== null && cidr !== "");
  return cidrs.length > 0 ? cidrs : undefined;
}

/** In the chart the type is IPsec when nothing else is said. */
export function encryptionType(_value: unknown, values: Tree): unknown {
  if (valueAt(values, "encryption.enabled") !== true) return "none";
  return valueAt(values, "encryption.type") ?? "ipsec";
}

const SECONDS: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1, ms: 0.001 };

/** A duration of Go's (1m30s) in seconds; anything else stays as it is. */
export function seconds(value: unknown): unknown {
  if (typeof value !== "string" || !/^(\d+(\.\d+)?(h|ms|m|s))+$/.test(value)) return value;
  return [...value.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g)].reduce(
    (sum, [, amount, unit = ""]) => sum + Number(amount) * (SECONDS[unit] ?? 0),
    0,
  );
}

/** Most Services that the rate limit is enough for: see clientRateLimit in config/managedValues.ts. */
export function services(qps: unknown, values: Tree): unknown {
  const limit = number(qps);
  const deadline = seconds(valueAt(values, "l2announcements.leaseRenewDeadline") ?? "5s");
  if (typeof limit !== "number" || typeof deadline !== "number" || limit < 20) return undefined;
  return (limit - 10) * deadline;
}

/** Requests and limits with their amounts as text; undefined when there is more in it than the configuration takes. */
export function quantities(value: unknown): unknown {
  const text = (inner: unknown): unknown => {
    if (isTree(inner)) {
      return Object.fromEntries(Object.entries(inner).map(([key, below]) => [key, text(below)]));
    }
    return typeof inner === "number" ? String(inner) : inner;
  };
  const parsed = resourcesSchema.safeParse(text(value));
  return parsed.success ? parsed.data : undefined;
}
