import type { V1Container, V1PodSpec } from "@kubernetes/client-node";
import { count } from "../../config";
import { ciliumDaemonSet, type Facts, isStackRelease } from "../facts/facts";
import { defineCheck, failed, passed, passedUnless } from "./check";

/** Seen of an object whose status belongs to an earlier generation. */
const NOT_PROCESSED = "the controller has not processed the latest change";

export const helmRelease = defineCheck({
  name: "helm-release",
  title: "the Helm release is deployed with the configured chart version",
  judge: ({ releases }, { cilium }) => {
    const own = releases.find(isStackRelease);
    const expected = `cilium ${cilium.version} in kube-system, deployed`;
    if (own === undefined) {
      return failed({
        seen: "no Helm release kube-system/cilium",
        expected,
        next: "run pulumi up",
      });
    }
    const seen = `revision ${own.revision}: chart ${own.chartVersion}, ${own.state}`;
    if (own.state === "deployed" && withoutV(own.chartVersion) === withoutV(cilium.version)) {
      return passed(seen);
    }
    // What was interrupted stays "pending", and Helm refuses to go on (pulumi-kubernetes#2054).
    const next = own.state.startsWith("pending")
      ? `an update was interrupted: helm -n kube-system rollback cilium ${Math.max(own.revision - 1, 1)}, then pulumi up --refresh`
      : "run pulumi up --refresh, and see helm -n kube-system status cilium";
    return failed({ seen, expected, next });
  },
});

export const daemonSetRolledOut = defineCheck({
  name: "daemonset-rollout",
  title: "every node runs a ready agent of the latest revision",
  needs: [helmRelease],
  judge: (facts) => {
    const daemonSet = ciliumDaemonSet(facts);
    const nodes = facts.nodes.length;
    const expected = `${count(nodes, "ready agent")}, one per node`;
    if (daemonSet === undefined) {
      return failed({
        seen: "no DaemonSet kube-system/cilium",
        expected,
        next: "run pulumi up --refresh",
      });
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
    const isCurrent = status?.observedGeneration === metadata?.generation;
    const seen = [
      `${numberReady} ready, ${updatedNumberScheduled} updated of ${desiredNumberScheduled}`,
      ...(isCurrent ? [] : [NOT_PROCESSED]),
      ...(without.length > 0 ? [`no agent on ${without.join(", ")}`] : []),
    ].join("; ");
    const numbers = [desiredNumberScheduled, updatedNumberScheduled, numberReady];
    if (isCurrent && numbers.every((number) => number === nodes)) return passed(seen);
    return failed({
      seen,
      expected,
      next: "kubectl -n kube-system get pods -l k8s-app=cilium -o wide; then kubectl -n kube-system describe pod of one that is not ready",
    });
  },
});

export const operatorRolledOut = defineCheck({
  name: "operator-rollout",
  title: "every replica of the operator is ready and of the latest revision",
  needs: [helmRelease],
  judge: ({ operator }) => {
    const expected = "every replica ready";
    if (operator === undefined) {
      return failed({
        seen: "no Deployment kube-system/cilium-operator",
        expected,
        next: "run pulumi up --refresh",
      });
    }
    const { metadata, spec, status } = operator;
    const { replicas = 1 } = spec ?? {};
    const { readyReplicas = 0, updatedReplicas = 0, observedGeneration } = status ?? {};
    const isCurrent = observedGeneration === metadata?.generation;
    const seen = `${readyReplicas} ready, ${updatedReplicas} updated of ${replicas}${isCurrent ? "" : `; ${NOT_PROCESSED}`}`;
    if (isCurrent && readyReplicas === replicas && updatedReplicas === replicas) {
      return passed(seen);
    }
    return failed({
      seen,
      expected,
      next: "kubectl -n kube-system get pods -l io.cilium/app=operator -o wide; each replica needs a node of its own (cilium.operatorReplicas)",
    });
  },
});

export const imageVersion = defineCheck({
  name: "image-version",
  title: "agents and operators run the configured version of Cilium",
  needs: [helmRelease],
  judge: (facts, { cilium }) => {
    const expected = `v${withoutV(cilium.version)}`;
    const next =
      "remove the setting of another image (in cilium.values, or by another tool that manages the object), then pulumi up --refresh";
    const findings = podSpecs(facts).flatMap(([where, { containers }]) =>
      containers.slice(0, 1).flatMap(({ image = "" }) => {
        // quay.io/cilium/cilium:v1.20.2@sha256:…
        const tag = /:([^:/@]+)(@.*)?$/.exec(image)?.[1];
        return tag === expected
          ? []
          : [{ seen: `${where} has ${image}`, expected: `tag ${expected}`, next }];
      }),
    );
    return passedUnless(findings, expected);
  },
});

export const apiServerAddress = defineCheck({
  name: "api-server-address",
  title: "agents and operators reach the Kubernetes API through KubePrism",
  needs: [helmRelease],
  judge: (facts, { kubePrism }) => {
    const expected = `KUBERNETES_SERVICE_HOST=${kubePrism.host}, KUBERNETES_SERVICE_PORT=${kubePrism.port}`;
    const next =
      "remove k8sServiceHost and k8sServicePort from cilium.values, if they are there; then pulumi up --refresh";
    const findings = podSpecs(facts).flatMap(([where, { containers }]) =>
      containers.slice(0, 1).flatMap((container) => {
        const host = variableOf(container, "KUBERNETES_SERVICE_HOST");
        const port = variableOf(container, "KUBERNETES_SERVICE_PORT");
        return host === kubePrism.host && port === String(kubePrism.port)
          ? []
          : [{ seen: `${where} has ${host ?? "no host"}:${port ?? "no port"}`, expected, next }];
      }),
    );
    return passedUnless(findings, `${kubePrism.host}:${kubePrism.port}`);
  },
});

/** Specs of agents and operators: of the templates, and of running agents, which an older template may have made. */
function podSpecs(facts: Facts): [where: string, spec: V1PodSpec][] {
  return [
    ["DaemonSet cilium", ciliumDaemonSet(facts)?.spec?.template.spec] as const,
    ["Deployment cilium-operator", facts.operator?.spec?.template.spec] as const,
    ...facts.agents.map(({ metadata, spec }) => [`Pod ${metadata?.name}`, spec] as const),
  ].flatMap(([where, spec]) => (spec === undefined || spec === null ? [] : [[where, spec]]));
}

function variableOf({ env }: V1Container, name: string): string | undefined {
  return env?.find((variable) => variable.name === name)?.value;
}

function withoutV(version: string): string {
  return version.replace(/^v/, "");
}
