import type { KubernetesObject } from "@kubernetes/client-node";

/** Label of a test's namespace, by which those of interrupted tests are found. */
export const TEST_LABEL = "talos-cilium/connectivity-test";

/** Port of the echo workload. */
const PORT = 8080;

/** Seconds that the workload has to end: it has nothing to finish. */
const GRACE = 1;

const LABELS = { app: "echo" };

type Manifest = KubernetesObject & Record<string, unknown>;

/**
 * The echo workload and a LoadBalancer Service in front of it.
 * @param image image with netexec of agnhost.
 */
export function serviceObjects(namespace: string, image: string): Manifest[] {
  const metadata = { name: "echo", namespace };
  return [
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata,
      spec: {
        selector: { matchLabels: LABELS },
        template: {
          metadata: { labels: LABELS },
          spec: {
            terminationGracePeriodSeconds: GRACE,
            // As the restricted Pod Security level demands, so that every namespace admits it.
            securityContext: {
              runAsNonRoot: true,
              runAsUser: 65534,
              seccompProfile: { type: "RuntimeDefault" },
            },
            containers: [
              {
                name: "echo",
                image,
                args: ["netexec", `--http-port=${PORT}`],
                readinessProbe: { httpGet: { path: "/healthz", port: PORT }, periodSeconds: 1 },
                securityContext: {
                  allowPrivilegeEscalation: false,
                  capabilities: { drop: ["ALL"] },
                },
              },
            ],
          },
        },
      },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: {
        type: "LoadBalancer",
        selector: LABELS,
        ports: [{ port: 80, targetPort: PORT }],
      },
    },
  ];
}

/** A Gateway of Cilium's class, and a route to the Service. */
export function gatewayObjects(namespace: string): Manifest[] {
  const metadata = { name: "echo", namespace };
  return [
    {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "Gateway",
      metadata,
      spec: {
        gatewayClassName: "cilium",
        listeners: [{ name: "http", port: 80, protocol: "HTTP" }],
      },
    },
    {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata,
      spec: {
        parentRefs: [{ name: "echo" }],
        rules: [{ backendRefs: [{ name: "echo", port: 80 }] }],
      },
    },
  ];
}
