import { setTimeout as sleep } from "node:timers/promises";
import { ApiextensionsV1Api } from "@kubernetes/client-node";
import { clusterFromEnvironment, describeError } from "../../kubernetes/client";

/** Waits until the operator has registered the CRDS and the API server serves them; prints when that was. */
async function waitForCiliumCrds(): Promise<void> {
  const { CRDS = "", TIMEOUT_SECONDS = "300" } = process.env;
  const names = CRDS.split(" ");
  const timeout = Number(TIMEOUT_SECONDS);
  const api = clusterFromEnvironment().makeApiClient(ApiextensionsV1Api);
  const deadline = performance.now() + timeout * 1000;
  for (;;) {
    const states = await Promise.all(names.map((name) => crdState(api, name)));
    if (states.every(({ established }) => established)) {
      for (const { text } of states) console.log(text);
      return;
    }
    if (performance.now() > deadline) {
      throw new Error(
        `Cilium's operator has not registered its CRDs within ${timeout} s ` +
          `(${states.map(({ text }) => text).join("; ")}); see what keeps it: ` +
          "kubectl -n kube-system get pods -l io.cilium/app=operator, then " +
          "kubectl -n kube-system logs -l io.cilium/app=operator",
      );
    }
    await sleep(1000);
  }
}

/** Any error counts as "not yet": an API server may go away and come back while this waits. */
async function crdState(
  api: ApiextensionsV1Api,
  name: string,
): Promise<{ established: boolean; text: string }> {
  try {
    const crd = await api.readCustomResourceDefinition({ name });
    const condition = crd.status?.conditions?.find(({ type }) => type === "Established");
    return condition?.status === "True"
      ? {
          established: true,
          text: `${name}: Established at ${condition.lastTransitionTime?.toISOString()}`,
        }
      : {
          established: false,
          text: `${name}: not Established (${condition?.message ?? "no condition"})`,
        };
  } catch (error) {
    return { established: false, text: `${name}: ${describeError(error)}` };
  }
}

waitForCiliumCrds().catch((error) => {
  console.error(describeError(error));
  process.exitCode = 1;
});
