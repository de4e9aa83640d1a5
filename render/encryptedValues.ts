import { createHash } from "node:crypto";
import { isPlainObject } from "es-toolkit/predicate/isPlainObject";
import type { StackConfig } from "../config";

/** A stack's configuration in which nothing is encrypted. */
export interface PlainConfig {
  readonly config: StackConfig;
  /** Stand-ins for encrypted values, by the paths of these. */
  readonly standIns: ReadonlyMap<string, string>;
}

/**
 * Puts stand-ins in the place of the values that Pulumi has encrypted (`secure:`). Nothing is decrypted; as the stand-in is
 * made of what is encrypted, it is another one when somebody encrypts another value.
 */
export function withoutEncrypted(config: StackConfig): PlainConfig {
  const standIns = new Map<string, string>();
  const replace = (value: unknown, path: string): unknown => {
    if (Array.isArray(value)) return value.map((each, index) => replace(each, `${path}.${index}`));
    if (!isPlainObject(value)) return value;
    const { secure, ...rest } = value;
    if (typeof secure === "string" && Object.keys(rest).length === 0) {
      const standIn = `encrypted-${createHash("sha256").update(secure).digest("hex").slice(0, 32)}`;
      standIns.set(path, standIn);
      return standIn;
    }
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, replace(inner, `${path}.${key}`)]),
    );
  };
  const plain = Object.entries(config).map(([key, value]) => [key, replace(value, key)]);
  return { config: Object.fromEntries(plain), standIns };
}
