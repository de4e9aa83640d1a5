import semver from "semver";
import { z } from "zod";

// An `error` here has two parts, "what is wrong; how to fix it": problemsOfIssue in ../settings.ts splits it at "; " and
// puts the value seen between them. `format` is the type that docs/configuration.md shows.

/** An IPv4 or IPv6 address without zone. */
export const address = z
  .union([z.ipv4(), z.ipv6()], {
    error: "not an IP address; write it like 192.168.10.50 or fd00:10::50",
  })
  .meta({ format: "IPv4 or IPv6 address" });

/** An IPv4 or IPv6 CIDR. It may have host bits: the rules *-cidr-canonical refuse them, and suggest the CIDR without. */
export const cidr = z
  .union([z.cidrv4(), z.cidrv6()], {
    error: "not a CIDR; write it as address/prefix length, like 10.14.0.0/16",
  })
  .meta({ format: "IPv4 or IPv6 CIDR" });

export const port = z.int().min(1).max(65535);

/** An exact semantic version, with or without v; never a range, and never "latest". */
export const version = z
  .string()
  .refine((text) => semver.valid(text) === text.replace(/^v/, ""), {
    error: "not an exact version; write all three numbers, 1.18.4",
  })
  .meta({ format: "exact version" });

export const objectName = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, {
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

export const selector = z.strictObject({
  matchLabels: z
    .record(z.string(), z.string())
    .optional()
    .describe("Labels that must exist with these values."),
  matchExpressions: z
    .array(
      z.strictObject({
        key: z.string().min(1).describe("Name of the label."),
        operator: z
          .enum(["In", "NotIn", "Exists", "DoesNotExist"])
          .describe("How the label is compared."),
        values: z
          .array(z.string())
          .optional()
          .describe("Values to compare with, for In and NotIn."),
      }),
    )
    .optional()
    .describe("Further conditions, all of which must hold."),
});
