import semver from "semver";
import { z } from "zod";
import { cidrRange, overlaps, single } from "../addresses";

// An `error` here has two parts, "what is wrong; how to fix it": problemsOfIssue in ../settings.ts splits it at "; " and
// puts the value seen between them. `format` is the type that docs/configuration.md shows.

/** IPv4 addresses in the form of IPv6 (RFC 4291, section 2.5.5.2): no comparison would find the IPv4 address again. */
const MAPPED = cidrRange("::ffff:0:0/96");

/** Made once: Zod takes longer to make a type than to use it. */
const IPV6 = z.ipv6();

function isNotMapped(text: string): boolean {
  // A refinement also sees what is no address.
  if (!IPV6.safeParse(text).success) return true;
  return !overlaps(single(text), MAPPED);
}

/** An IPv4 or IPv6 address without zone. */
export const address = z
  .union([z.ipv4(), z.ipv6()], {
    error: "not an IP address; write it like 192.168.10.50 or fd00:10::50",
  })
  .refine(isNotMapped, { error: "an IPv4 address mapped into IPv6; write it like 192.168.10.50" })
  .meta({ format: "IPv4 or IPv6 address" });

/** An IPv4 or IPv6 CIDR. It may have host bits: the rules *-cidr-canonical refuse them, and suggest the CIDR without. */
export const cidr = z
  .union([z.cidrv4(), z.cidrv6()], {
    error: "not a CIDR; write it as address/prefix length, like 10.14.0.0/16",
  })
  .refine((text) => isNotMapped(text.split("/")[0] ?? ""), {
    error: "IPv4 addresses mapped into IPv6; write it like 10.14.0.0/16",
  })
  .meta({ format: "IPv4 or IPv6 CIDR" });

export const port = z.int().min(1).max(65535);

/** An exact semantic version, with or without v, read without; never a range, and never "latest". */
export const version = z
  .string()
  .refine((text) => semver.valid(text) === text.replace(/^v/, ""), {
    error: "not an exact version; write all three numbers, 1.18.4",
  })
  .overwrite((text) => text.replace(/^v/, ""))
  .meta({ format: "exact version" });

/** A version that is read with v, as the Gateway API's project writes its releases. */
export const versionWithV = version.overwrite((text) => `v${text}`);

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

export const objectName = z
  .string()
  .regex(DNS_LABEL, {
    error: "not a name for an object; use 1 to 63 lower-case letters, digits and inner hyphens",
  })
  .meta({ format: "DNS label" });

const quantity = z
  .string()
  .regex(/^\d+(\.\d+)?(m|k|Ki|M|Mi|G|Gi|T|Ti)?$/, {
    error: "not a Kubernetes quantity; write it like 100m or 512Mi",
  })
  .meta({ format: "Kubernetes quantity, such as 100m or 512Mi" });

export const resources = z.strictObject({
  requests: z
    .strictObject({
      cpu: quantity.optional().describe("CPU time, such as 100m."),
      memory: quantity.optional().describe("Memory, such as 512Mi."),
    })
    .optional()
    .describe("Resources that the scheduler reserves; default: the chart's."),
  limits: z
    .strictObject({
      cpu: quantity.optional().describe("CPU time, such as 100m."),
      memory: quantity.optional().describe("Memory, such as 512Mi."),
    })
    .optional()
    .describe(
      "Resources that the container may use at most; default: the chart's. A CPU limit slows the agent's start.",
    ),
});

const LABEL_PART = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

/** Key of a label: a name, with or without a DNS name before it (Kubernetes, labels and selectors). */
const labelKey = z.string().refine(
  (key) => {
    const [name = "", prefix, ...others] = key.split("/").reverse();
    if (others.length > 0 || !LABEL_PART.test(name)) return false;
    const parts = prefix?.split(".") ?? [];
    return (prefix?.length ?? 0) <= 253 && parts.every((part) => DNS_LABEL.test(part));
  },
  { error: "not the key of a label; write it like app or example.org/app" },
);

const labelValue = z.string().refine((value) => value === "" || LABEL_PART.test(value), {
  error:
    "not the value of a label; use at most 63 letters, digits and inner hyphens, underscores and dots",
});

export const selector = z.strictObject({
  matchLabels: z
    .record(labelKey, labelValue)
    .optional()
    .describe("Labels that must exist with these values."),
  matchExpressions: z
    .array(
      z.strictObject({
        key: labelKey.describe("Name of the label."),
        operator: z
          .enum(["In", "NotIn", "Exists", "DoesNotExist"])
          .describe("How the label is compared."),
        values: z
          .array(labelValue)
          .optional()
          .describe("Values to compare with, for In and NotIn."),
      }),
    )
    .optional()
    .describe("Further conditions, all of which must hold."),
});
