import type { V1Container, V1PodSpec } from "@kubernetes/client-node";
import { ciliumDaemonSet } from "../facts/facts";
import { type Check, count, type Finding, verdict } from "./check";

/** What is told of an object whose status is of an earlier revision. */
const UNSEEN = "the controller has not seen the latest change";

/** The latest revision of the Release is deployed, with the version asked for. */
export const helmRelease: Check = {
  name: "helm-release",
  title: "the Helm release is deployed, at the version asked for",
  judge: ({ releases }, { cilium }) => {
    const own = releases.find(
      ({ name, namespace }) => name === "cilium" && namespace === "kube-system",
    );
    const expected = `cilium ${cilium.version} in kube-system, deployed`;
    if (own === undefined) {
      return verdict([{ seen: "no such Helm release", expected, next: "run pulumi up" }], "");
    }
    const seen = `revision ${own.revision}: chart ${own.chartVersion}, ${own.state}`;
    // What was interrupted stays "pending", and Helm refuses to go on (pulumi-kubernetes#2054).
    const next = own.state.startsWith("pending")
      ? `an update was interrupted: helm -n kube-system rollback cilium ${Math.max(own.revision - 1, 1)}, then pulumi up --refresh`
      : "run pulumi up --refresh, and see helm -n kube-system status cilium";
    const right =
      own.state === "deployed" &&
      own.chartVersion.replace(/^v/, "") === cilium.version.replace(/^v/, "");
    return verdict(right ? [] : [{ seen, expected, next }], seen);
  },
};

/** Every node has an agent of the current revision, and it is ready. */
export const daemonSetRolledOut: Check = {
  name: "daemonset-rollout",
  title: "every node runs a ready agent of the latest revision",
  needs: ["helm-release"],
  judge: (facts) => {
    const daemonSet = ciliumDaemonSet(facts);
    const next =
      "kubectl -n kube-system get pods -l k8s-app=cilium -o wide; then kubectl -n kube-system describe pod of one that is not ready";
    const nodes = facts.nodes.length;
    const expected = `${count(nodes, "ready agent")}, one a node`;
    if (daemonSet === undefined) {
      return verdict(
        [{ seen: "no DaemonSet kube-system/cilium", expected, next: "run pulumi up --refresh" }],
        "",
      );
    }
    const { metadata, status } = daemonSet;
    const {
      desiredNumberScheduled = 0,
      updatedNumberScheduled = 0,
      numberReady = 0,
    } = status ?? {};
    const without = facts.nodes
      .map((node) => node.metadata?.name ?? "")
      .filter((node) => !facts.agents.some(({ spec }) => spec?.nodeName === node));
    const current = status?.observedGeneration === metadata?.generation;
    const right =
      current &&
      [desiredNumberScheduled, updatedNumberScheduled, numberReady].every((is) => is === nodes);
    const seen = [
      `${numberReady} ready, ${updatedNumberScheduled} updated of ${desiredNumberScheduled}`,
      ...(current ? [] : [UNSEEN]),
      ...(without.length > 0 ? [`no agent on ${without.join(", ")}`] : []),
    ].join("; ");
    return verdict(right ? [] : [{ seen, expected, next }], seen);
  },
};

/** Every replica of the operator is of the current revision, and ready. */
export const operatorRolledOut: Check = {
  name: "operator-rollout",
  title: "every replica of the operator is ready and of the latest revision",
  needs: ["helm-release"],
  judge: ({ operator }) => {
    const expected = "every replica ready";
    const next =
      "kubectl -n kube-system get pods -l io.cilium/app=operator -o wide; each needs a node of its own (cilium.operatorReplicas)";
    if (operator === undefined) {
      const seen = "no Deployment kube-system/cilium-operator";
      return verdict([{ seen, expected: "it exists", next: "run pulumi up --refresh" }], "");
    }
    const { metadata, spec, status } = operator;
    const { replicas = 1 } = spec ?? {};
    const { readyReplicas = 0, updatedReplicas = 0, observedGeneration } = status ?? {};
    const current = observedGeneration === metadata?.generation;
    const right = current && readyReplicas === replicas && updatedReplicas === replicas;
    const seen = `${readyReplicas} ready, ${updatedReplicas} updated of ${replicas}${current ? "" : `; ${UNSEEN}`}`;
    return verdict(right ? [] : [{ seen, expected, next }], seen);
  },
};

/** Agents and operators run the image of the version that the stack names. */
export const imageVersion: Check = {
  name: "image-version",
  title: "agents and operators run the version asked for",
  needs: ["helm-release"],
  judge: (facts, { cilium }) => {
    const expected = `v${cilium.version.replace(/^v/, "")}`;
    const next =
      "remove what sets another image (cilium.values, or another owner of the object), then pulumi up --refresh";
    const findings = templates(facts).flatMap(([where, spec]) =>
      (spec.containers.slice(0, 1) ?? []).flatMap(({ image = "" }) => {
        // quay.io/cilium/cilium:v1.20.2@sha256:…
        const tag = /:([^:/@]+)(@.*)?$/.exec(image)?.[1];
        return tag === expected
          ? []
          : [{ seen: `${where} has ${image}`, expected: `tag ${expected}`, next }];
      }),
    );
    return verdict(findings, expected);
  },
};

/** Agents and operators reach the API through KubePrism, which is on every node. */
export const apiServerAddress: Check = {
  name: "api-server-address",
  title: "agents and operators reach the API through KubePrism",
  needs: ["helm-release"],
  judge: (facts, { kubePrism }) => {
    const expected = `KUBERNETES_SERVICE_HOST=${kubePrism.host}, KUBERNETES_SERVICE_PORT=${kubePrism.port}`;
    const next =
      "run pulumi up --refresh: something else has changed it, or cilium.values does (k8sServiceHost, k8sServicePort)";
    const findings: Finding[] = templates(facts).flatMap(([where, { containers }]) =>
      containers.slice(0, 1).flatMap((container) => {
        const [host, port] = ["HOST", "PORT"].map((end) =>
          variable(container, `KUBERNETES_SERVICE_${end}`),
        );
        return host === kubePrism.host && port === String(kubePrism.port)
          ? []
          : [{ seen: `${where} has ${host ?? "no host"}:${port ?? "no port"}`, expected, next }];
      }),
    );
    return verdict(findings, `${kubePrism.host}:${kubePrism.port}`);
  },
};

/** What agents, running ones, too, and operators are made of. */
function templates(facts: Parameters<Check["judge"]>[0]): [where: string, spec: V1PodSpec][] {
  const daemonSet = ciliumDaemonSet(facts)?.spec?.template.spec;
  const operator = facts.operator?.spec?.template.spec;
  return [
    ["DaemonSet cilium", daemonSet] as const,
    ["Deployment cilium-operator", operator] as const,
    ...facts.agents.map(({ metadata, spec }) => [`Pod ${metadata?.name}`, spec] as const),
  ].flatMap(([where, spec]) => (spec === undefined || spec === null ? [] : [[where, spec]]));
}

function variable({ env }: V1Container, name: string): string | undefined {
  return env?.find((candidate) => candidate.name === name)?.value;
}
