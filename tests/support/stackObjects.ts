import type { RenderedStack, StackObject } from "../../render/renderedStack";

type Fields = Readonly<Record<string, unknown>>;

/** An object of a stack: `made("apps/v1", "DaemonSet", "kube-system/cilium", { spec })`. */
export function made(
  apiVersion: string,
  kind: string,
  place: string,
  fields: Fields = {},
  more: Partial<StackObject> = {},
): StackObject {
  const [first = "", second] = place.split("/");
  const metadata = second === undefined ? { name: first } : { namespace: first, name: second };
  const { metadata: others, ...rest } = fields;
  return {
    object: { apiVersion, kind, metadata: { ...metadata, ...(others as object) }, ...rest },
    madeBy: "Helm",
    hooks: [],
    hidden: {},
    generated: [],
    ...more,
  };
}

export function agent(template: Fields, fields: Fields = {}): StackObject {
  return made("apps/v1", "DaemonSet", "kube-system/cilium", { spec: { template, ...fields } });
}

export function ciliumConfig(data: Fields): StackObject {
  return made("v1", "ConfigMap", "kube-system/cilium-config", { data });
}

export function pool(name: string, ...blocks: Fields[]): StackObject {
  const fields = { spec: { blocks } };
  return made("cilium.io/v2", "CiliumLoadBalancerIPPool", name, fields, { madeBy: "Pulumi" });
}

/** A CRD with some versions of its API: `v1`, `v1beta1 (not served)`, `v1 (stored)`. */
export function crd(name: string, ...versions: string[]): StackObject {
  const parsed = versions.map((text) => ({
    name: text.split(" ")[0],
    served: !text.includes("not served"),
    storage: text.includes("stored"),
  }));
  return made(
    "apiextensions.k8s.io/v1",
    "CustomResourceDefinition",
    name,
    { spec: { versions: parsed } },
    { madeBy: "Pulumi" },
  );
}

export function stackOf(
  objects: readonly StackObject[],
  versions: Partial<RenderedStack["versions"]> = {},
): RenderedStack {
  return {
    stack: "prod",
    versions: {
      cilium: "1.18.4",
      gatewayApi: "v1.3.0",
      channel: "experimental",
      kubernetes: "1.33.0",
      ...versions,
    },
    objects,
  };
}
