import { ApiextensionsV1Api } from "@kubernetes/client-node";
import { ignoreNotFound, loadCluster } from "../../kubernetes/client";
import { findCondition } from "../../kubernetes/conditions";
import { until } from "../../kubernetes/until";
import { readVariable, runStep } from "./runStep";

/** Waits until Cilium's operator has registered TALOS_CILIUM_CRDS, and prints when each was Established. */
async function waitForCiliumCrds(): Promise<void> {
  const names = readVariable("TALOS_CILIUM_CRDS").split(" ");
  const timeout = Number(readVariable("TALOS_CILIUM_TIMEOUT_SECONDS"));
  const cluster = loadCluster({ context: process.env.KUBE_CONTEXT });
  const api = cluster.makeApiClient(ApiextensionsV1Api);
  const states = await until(
    () => Promise.all(names.map((name) => crdState(api, name))),
    (found) => found.every(({ established }) => established),
    { seconds: timeout, interval: 1000 },
  );
  if (!states.every(({ established }) => established)) {
    throw new Error(
      `Cilium's operator has not registered its CRDs within ${timeout} s ` +
        `(${states.map(({ text }) => text).join("; ")}); see what keeps it: ` +
        "kubectl -n kube-system get pods -l io.cilium/app=operator, then " +
        "kubectl -n kube-system logs -l io.cilium/app=operator",
    );
  }
  for (const { text } of states) console.log(text);
}

/** @throws the error of a request that cannot succeed, or that has failed for half a minute. */
async function crdState(
  api: ApiextensionsV1Api,
  name: string,
): Promise<{ established: boolean; text: string }> {
  const crd = await ignoreNotFound(() => api.readCustomResourceDefinition({ name }));
  if (crd === undefined) return { established: false, text: `${name}: not registered` };
  const condition = findCondition(crd.status?.conditions, "Established");
  return condition?.status === "True"
    ? {
        established: true,
        text: `${name}: Established at ${condition.lastTransitionTime?.toISOString()}`,
      }
    : {
        established: false,
        text: `${name}: not Established (${condition?.message ?? "no condition"})`,
      };
}

runStep(waitForCiliumCrds);
