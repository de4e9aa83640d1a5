import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { type KubernetesObject, PatchStrategy, type V1Secret } from "@kubernetes/client-node";
import type { Settings } from "../../config";
import { ignoreNotFound } from "../../kubernetes/client";
import { adding, type Change, changing, together } from "./changes";
import { eventually, type LabForTests, type Manifest } from "./labForTests";
import { CONFIG_MAP, DAEMON_SET, loadBalancer, OPERATOR, policy, pool } from "./objects";
import type { Scenario } from "./scenarios";

/** Faults that the Kubernetes API alone shows. */
export function controlPlaneScenarios(lab: LabForTests, settings: () => Settings): Scenario[] {
  const container = (fields: object) => ({
    spec: { template: { spec: { containers: [{ name: "cilium-agent", ...fields }] } } },
  });
  const strategic = PatchStrategy.StrategicMergePatch;

  return [
    {
      check: "gateway-api-crds",
      name: "CRDs of another release",
      finding:
        /^CRD gateways\.gateway\.networking\.k8s\.io: v1\.6\.0 experimental; expected v1\.6\.1 experimental, Established; next: run pulumi up --refresh/,
      ...changing(lab, crd("gateways.gateway.networking.k8s.io"), {
        metadata: {
          name: "gateways.gateway.networking.k8s.io",
          annotations: { "gateway.networking.k8s.io/bundle-version": "v1.6.0" },
        },
      }),
    },
    {
      check: "gateway-class",
      name: "an operator that started before the CRDs",
      finding:
        /^GatewayClass cilium: Accepted=Unknown \(.*\); expected .*; next: .*: kubectl -n kube-system rollout restart deployment\/cilium-operator$/,
      break: operatorBeforeCrds,
      // As the remedy says; kubectl's restart is an annotation of the pods.
      mend: () => restartOperator("kubectl-rollout"),
    },
    {
      check: "helm-release",
      name: "an update that was interrupted",
      finding:
        /^revision 2: chart 1\.20\.2, pending-upgrade; expected .*; next: an update was interrupted: helm -n kube-system rollback cilium 1/,
      ...addingRelease((release) => ({
        ...release,
        version: 2,
        info: { ...release.info, status: "pending-upgrade" },
      })),
    },
    {
      check: "single-manager",
      name: "a second Helm release",
      finding:
        /^a second Helm release of cilium: default\/cni; expected kube-system\/cilium only; next: .*kubectl -n default delete secret -l owner=helm,name=cni$/,
      ...addingRelease((release) => ({ ...release, name: "cni", namespace: "default" })),
    },
    {
      check: "single-manager",
      name: "Talos, which applies it too",
      finding:
        /^ConfigMap cilium-config has fields that talos manages, which is Talos \(inlineManifests .*\), since .*; next: remove Cilium from that tool/,
      break: () => applyAsTalos({ "talos.dev/owner": "bootstrap" }),
      mend: () => applyAsTalos(undefined),
    },
    {
      check: "no-virtual-address",
      name: "the pool of a virtual address for the API",
      finding:
        /^CiliumLoadBalancerIPPool vip-pool exists; expected KubePrism only; next: kubectl delete ciliumloadbalancerippool vip-pool$/,
      ...adding(lab, pool("vip-pool", { cidr: "192.168.10.40/32" })),
    },
    {
      check: "daemonset-rollout",
      name: "a node without an agent",
      finding:
        /^4 ready, 4 updated of 4; no agent on talos-tz7-uk1; expected 5 ready agents, one per node; next: kubectl -n kube-system get pods/,
      ...changing(
        lab,
        DAEMON_SET,
        { spec: { template: { spec: { affinity: notOn("talos-tz7-uk1") } } } },
        strategic,
      ),
    },
    {
      check: "operator-rollout",
      name: "an operator that no node takes",
      finding:
        /^1 ready, 2 updated of 2; expected every replica ready; next: kubectl -n kube-system get pods -l io\.cilium\/app=operator/,
      ...changing(lab, OPERATOR, {
        spec: { template: { spec: { nodeSelector: { "no-such": "node" } } } },
      }),
    },
    {
      check: "image-version",
      name: "another image",
      finding:
        /^DaemonSet cilium has quay\.io\/cilium\/cilium:v1\.19\.5; expected tag v1\.20\.2; next: remove the setting of another image/,
      ...changing(
        lab,
        DAEMON_SET,
        container({ image: "quay.io/cilium/cilium:v1.19.5" }),
        strategic,
      ),
    },
    {
      check: "api-server-address",
      name: "another port of KubePrism",
      finding:
        /^DaemonSet cilium has localhost:6443; expected KUBERNETES_SERVICE_HOST=localhost, KUBERNETES_SERVICE_PORT=\d{4,5}; next: remove k8sServiceHost .*pulumi up --refresh$/,
      ...changing(
        lab,
        DAEMON_SET,
        container({ env: [{ name: "KUBERNETES_SERVICE_PORT", value: "6443" }] }),
        strategic,
      ),
    },
    {
      check: "cilium-config",
      name: "an edited ConfigMap",
      finding:
        /^routing-mode is "tunnel" instead of "native"; expected the Helm release's value; next: .*pulumi up --refresh/,
      ...changing(lab, CONFIG_MAP, { data: { "routing-mode": "tunnel" } }),
    },
    {
      check: "kubeprism",
      name: "a node whose KubePrism has no API server",
      finding:
        /^talos-8vk-2mz: not healthy; expected healthy; next: enable machine\.features\.kubePrism, and see talosctl -n talos-8vk-2mz get kubeprismstatuses/,
      talosContext: "omni",
      ...talosctlSays("192.168.10.101"),
    },
    {
      check: "nodes-on-one-lan",
      name: "a node on another network",
      finding:
        /^talos-stray has 192\.168\.11\.7; expected an address in 192\.168\.10\.0\/24; next: set machine\.kubelet\.nodeIP\.validSubnets/,
      ...addingNode("192.168.11.7"),
    },
    {
      check: "node-pod-cidrs",
      name: "a pod CIDR outside the configured one",
      finding:
        /^talos-stray has 10\.244\.0\.0\/24; expected inside 10\.14\.0\.0\/16; next: .*npm run -s talos-patch/,
      ...addingNode("192.168.10.120", "10.244.0.0/24"),
    },
    {
      check: "pools",
      name: "a pool that somebody changed",
      finding:
        /^CiliumLoadBalancerIPPool services: blocks is .*192\.168\.10\.98.*; expected .*192\.168\.10\.99.*; next: another tool or person changed it; restore it: pulumi up --refresh$/,
      ...changing(lab, pool(), {
        spec: { blocks: [{ start: "192.168.10.50", stop: "192.168.10.98" }] },
      }),
    },
    {
      check: "pool-conflict",
      name: "a pool that overlaps the stack's",
      finding:
        /^pool other: .*; expected addresses that no other pool or node has; next: delete the pool that the stack does not have/,
      ...adding(lab, pool("other", { start: "192.168.10.90", stop: "192.168.10.110" })),
    },
    {
      check: "pool-conflict",
      name: "a pool with a node's address",
      finding:
        /^pool other: 192\.168\.10\.100 is the address of talos-c7r-dgh; expected addresses that no other pool or node has/,
      ...adding(lab, pool("other", { cidr: "192.168.10.100/32" })),
    },
    {
      check: "pool-addresses",
      name: "an exhausted pool",
      finding:
        /^default\/web-\d+ waits for an address, and all are used of services \(50\); expected an address for every Service; next: widen the pool in loadBalancing\.pools/,
      ...adding(lab, ...Array.from({ length: 51 }, (_, index) => loadBalancer(`web-${index}`))),
    },
    {
      check: "l2-policies",
      name: "a policy without loadBalancerIPs",
      finding:
        /^CiliumL2AnnouncementPolicy services: loadBalancerIPs is absent; expected true; next: another tool or person changed it/,
      ...changing(lab, policy(), { spec: { loadBalancerIPs: null } }),
    },
    {
      check: "service-addresses",
      name: "a Service that wants an address of no pool",
      finding:
        /^default\/picky has no address \(no_pool: .*\); expected an address of a pool; next: widen the pool, or correct its serviceSelector/,
      ...adding(lab, loadBalancer("picky", {}, { "lbipam.cilium.io/ips": "192.168.10.200" })),
    },
    {
      check: "service-traffic-policies",
      name: "externalTrafficPolicy Local",
      finding:
        /^default\/web \(192\.168\.10\.\d+\): externalTrafficPolicy Local; expected Cluster, with L2 announcements; next: set it to Cluster/,
      ...adding(lab, loadBalancer("web", { externalTrafficPolicy: "Local" })),
    },
    {
      check: "service-policies",
      name: "somebody else's policy for a Service",
      finding:
        /^default\/web \(.*\): matched by a policy that the stack does not have: another; expected policies of the stack alone; next: write it in loadBalancing\.policies, or kubectl delete ciliuml2announcementpolicy another$/,
      ...adding(lab, policy("another"), loadBalancer("web")),
    },
    {
      check: "service-policies",
      name: "no policy for a Service",
      finding:
        /^default\/web \(.*\): no policy matches it; expected a policy with loadBalancerIPs; next: correct a serviceSelector/,
      settings: (before) => {
        const policies = before.loadBalancing.policies.map((each) => ({
          ...each,
          serviceSelector: { matchLabels: { announce: "yes" } },
        }));
        return { ...before, loadBalancing: { ...before.loadBalancing, policies } };
      },
      ...together(
        changing(lab, policy(), {
          spec: { serviceSelector: { matchLabels: { announce: "yes" } } },
        }),
        adding(lab, loadBalancer("web")),
      ),
    },
  ];

  /** A Helm release in the form that Helm keeps, made from the stack's. */
  function addingRelease(change: (release: Release) => Release): Change {
    let added: V1Secret;
    return {
      break: async () => {
        const own = await lab.clients.core.readNamespacedSecret({
          namespace: "kube-system",
          name: "sh.helm.release.v1.cilium.v1",
        });
        const { name, namespace, version, info, ...rest } = change(unpacked(own));
        added = {
          apiVersion: "v1",
          kind: "Secret",
          type: "helm.sh/release.v1",
          metadata: {
            name: `sh.helm.release.v1.${name}.v${version}`,
            namespace,
            labels: { owner: "helm", name, status: info.status, version: String(version) },
          },
          data: { release: packed({ name, namespace, version, info, ...rest }) },
        };
        await lab.create(added as Manifest);
      },
      mend: () => lab.delete(added as Manifest),
    };
  }

  /** Applies a manifest as Talos does, so that it manages the fields. */
  function applyAsTalos(annotations: Record<string, string> | undefined): Promise<unknown> {
    const metadata = { ...CONFIG_MAP.metadata, ...(annotations && { annotations }) };
    const manifest = { ...CONFIG_MAP, metadata };
    const strategy = PatchStrategy.ServerSideApply;
    return lab.clients.anything.patch(manifest, undefined, undefined, "talos", true, strategy);
  }

  /** A node that KWOK simulates, as its kubelet would register it. */
  function addingNode(address: string, podCIDR?: string): Change {
    const name = "talos-stray";
    const node: Manifest = {
      apiVersion: "v1",
      kind: "Node",
      metadata: {
        name,
        annotations: { "kwok.x-k8s.io/node": "fake" },
        labels: { "kubernetes.io/hostname": name, "kubernetes.io/os": "linux" },
      },
      spec: podCIDR === undefined ? {} : { podCIDR, podCIDRs: [podCIDR] },
      status: {
        addresses: [{ type: "InternalIP", address }],
        capacity: { cpu: "4", memory: "16Gi", pods: "110" },
        allocatable: { cpu: "4", memory: "16Gi", pods: "110" },
      },
    };
    const added = adding(lab, node);
    return {
      ...added,
      mend: async () => {
        await added.mend();
        // Nobody simulates its kubelet any longer, and a controller takes a minute to notice.
        const { items } = await lab.clients.core.listPodForAllNamespaces({
          fieldSelector: `spec.nodeName=${name}`,
        });
        for (const { metadata } of items) {
          await lab.clients.core.deleteNamespacedPod({
            namespace: metadata?.namespace ?? "",
            name: metadata?.name ?? "",
            gracePeriodSeconds: 0,
          });
        }
      },
    };
  }

  /** A talosctl on PATH, as there is no Talos here: it says that one node's KubePrism is not healthy. */
  function talosctlSays(unhealthy: string): Change {
    const { PATH } = process.env;
    const folder = mkdtempSync(join(tmpdir(), "talosctl-"));
    return {
      break: async () => {
        const documents = [...settings().nodes.controlPlanes, ...settings().nodes.workers].map(
          (node) =>
            `node: ${node}\nspec:\n  host: 127.0.0.1:7445\n  healthy: ${node !== unhealthy}\n`,
        );
        writeFileSync(join(folder, "statuses"), documents.join("---\n"));
        const script = `#!/bin/sh\ncat ${folder}/statuses\n`;
        writeFileSync(join(folder, "talosctl"), script, { mode: 0o755 });
        process.env.PATH = `${folder}${delimiter}${PATH}`;
      },
      mend: async () => {
        process.env.PATH = PATH;
        rmSync(folder, { recursive: true });
      },
    };
  }

  /** Deletes a CRD, has the operators start without it, and creates it again, with its object. */
  async function operatorBeforeCrds(): Promise<void> {
    const { anything } = lab.clients;
    const crdBefore = await anything.read(named(crd("gatewayclasses.gateway.networking.k8s.io")));
    const gatewayClass = await anything.read(
      named({
        apiVersion: "gateway.networking.k8s.io/v1",
        kind: "GatewayClass",
        metadata: { name: "cilium" },
      }),
    );
    await lab.delete(crd("gatewayclasses.gateway.networking.k8s.io"));
    await eventually("the CRD is gone", async () =>
      (await ignoreNotFound(() => anything.read(crdBefore as never))) === undefined
        ? true
        : undefined,
    );
    await restartOperator("tests");
    for (const object of [crdBefore, gatewayClass]) {
      const { name, labels, annotations } = object.metadata ?? {};
      const made = { ...object, metadata: { name, labels, annotations }, status: undefined };
      // A CRD is served a moment after it was created.
      await eventually(`${name} is there again`, () =>
        ignoreNotFound(() => anything.create(made as unknown as KubernetesObject)),
      );
    }
  }

  /** Rolls the operator's Deployment, and waits until other operators run and have looked for the CRDs. */
  async function restartOperator(manager: string): Promise<void> {
    const operators = () =>
      lab.processes
        .filter(({ name }) => name.startsWith("cilium-operator-"))
        .map(({ name }) => name);
    const before = operators();
    const annotations = { "kubectl.kubernetes.io/restartedAt": new Date().toISOString() };
    await lab.clients.anything.patch(
      { ...OPERATOR, spec: { template: { metadata: { annotations } } } } as Manifest,
      ...[undefined, undefined, manager, undefined, PatchStrategy.MergePatch],
    );
    await eventually("other operators have looked for the CRDs", async () => {
      const now = operators();
      return now.length === 2 &&
        now.every(
          (name) =>
            !before.includes(name) &&
            /GatewayAPI/i.test(readFileSync(lab.folder.log(name), "utf8")),
        )
        ? true
        : undefined;
    });
  }
}

/** The fields of Helm's record that the tests change. */
interface Release {
  readonly name: string;
  readonly namespace: string;
  readonly version: number;
  readonly info: { readonly status: string };
}

function unpacked({ data }: V1Secret): Release {
  const text = Buffer.from(data?.release ?? "", "base64").toString();
  return JSON.parse(gunzipSync(Buffer.from(text, "base64")).toString());
}

function packed(release: Release): string {
  return Buffer.from(gzipSync(JSON.stringify(release)).toString("base64")).toString("base64");
}

function crd(name: string): Manifest {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name },
  };
}

function named({ apiVersion, kind, metadata }: Manifest) {
  return { apiVersion, kind, metadata: { name: metadata?.name ?? "", namespace: "" } };
}

/** An affinity to every node but one. */
function notOn(node: string): object {
  const expression = { key: "kubernetes.io/hostname", operator: "NotIn", values: [node] };
  return {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [expression] }],
      },
    },
  };
}
