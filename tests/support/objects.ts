import type { Manifest } from "./labForTests";

const namespace = "kube-system";

/** Cilium's DaemonSet. */
export const DAEMON_SET: Manifest = {
  apiVersion: "apps/v1",
  kind: "DaemonSet",
  metadata: { name: "cilium", namespace },
};

/** Deployment of Cilium's operator. */
export const OPERATOR: Manifest = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "cilium-operator", namespace },
};

/** What agents and operator are configured by. */
export const CONFIG_MAP: Manifest = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "cilium-config", namespace },
};

/** A pool: the stack's, or another one. */
export function pool(name = "services", ...blocks: object[]): Manifest {
  const spec = blocks.length === 0 ? {} : { spec: { blocks } };
  return {
    apiVersion: "cilium.io/v2",
    kind: "CiliumLoadBalancerIPPool",
    metadata: { name },
    ...spec,
  };
}

/** A policy: the stack's, or another one, which announces everything. */
export function policy(name = "services"): Manifest {
  return {
    apiVersion: "cilium.io/v2alpha1",
    kind: "CiliumL2AnnouncementPolicy",
    metadata: { name },
    spec: { loadBalancerIPs: true },
  };
}

/** A Service of type LoadBalancer in front of an application of its name. */
export function loadBalancer(name: string, more: object = {}, annotations = {}): Manifest {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: "default", annotations },
    spec: {
      type: "LoadBalancer",
      selector: { app: name },
      ports: [{ port: 80, targetPort: 8080 }],
      ...more,
    },
  };
}
