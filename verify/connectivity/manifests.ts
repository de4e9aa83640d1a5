import type { KubernetesObject } from "@kubernetes/client-node";

/** Label of all that a proof makes, by which what an interrupted one left is found. */
export const PROOF_LABEL = "talos-cilium/proof";

/** Port that the echo workload listens at. */
const PORT = 8080;

/** Seconds that it has to end; it has nothing to finish. */
const GRACE = 1;

const LABELS = { app: "echo" };

/** A manifest, with whatever its kind has. */
type Manifest = KubernetesObject & Record<string, unknown>;

/**
 * What a proof makes in its namespace: an echo workload that any Pod Security level admits, a LoadBalancer Service in
 * front of it, and a Gateway with a route to the same.
 * @param image image of agnhost, whose netexec echoes.
 * @param gateway whether the cluster has Cilium's Gateway API.
 */
export function proofObjects(namespace: string, image: string, gateway: boolean): Manifest[] {
  const metadata = { name: "echo", namespace };
  const port = { port: 80, targetPort: PORT };
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
      spec: { type: "LoadBalancer", selector: LABELS, ports: [port] },
    },
    ...(gateway
      ? [
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
              rules: [{ backendRefs: [{ name: "echo", port: port.port }] }],
            },
          },
        ]
      : []),
  ];
}
