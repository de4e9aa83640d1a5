import type { RenderedObject } from "../sources/helm";

/** Stands for what is not shown. */
export const NOT_SHOWN = "(not shown)";

/** An object that a stack makes, or lets Helm make, with what is secret taken out. */
export interface StackObject {
  readonly object: RenderedObject;
  readonly madeBy: "Pulumi" | "Helm";
  /** Helm's hooks (`post-install`, …) that it runs at; empty for an object that stays. */
  readonly hooks: readonly string[];
  /**
   * By path of each field that is not shown, or in part not shown: a mark that is equal for equal values within one run, to
   * tell that a secret changed. It is never printed; where it is not known, as in a folder, it is empty.
   */
  readonly hidden: Readonly<Record<string, string>>;
  /** Paths of fields that each rendering makes anew, as generated certificates: they are never compared. */
  readonly generated: readonly string[];
}

/** Every object of a stack. */
export interface RenderedStack {
  readonly stack: string;
  readonly versions: {
    readonly cilium: string;
    /** Undefined where the stack installs no Gateway API. */
    readonly gatewayApi: string | undefined;
    readonly channel: string | undefined;
    /** Kubernetes that the chart was rendered for, without v. */
    readonly kubernetes: string;
  };
  /** Sorted by API group, kind, namespace, name. */
  readonly objects: readonly StackObject[];
}

/** API group of an object; empty for the core's. */
export function groupOf({ apiVersion }: RenderedObject): string {
  const [group = "", version] = String(apiVersion).split("/");
  return version === undefined ? "" : group;
}
