import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { CoreV1Api, V1Container, V1PodSpec } from "@kubernetes/client-node";
import { until } from "../../../../kubernetes/until";
import { LabFolder } from "../../../../lab/labFolder";
import { Pod } from "../../../../lab/node/pod";
import { labProcesses } from "../../../../lab/process/labProcesses";

/** Milliseconds that no test waits for. */
const AN_HOUR = 3_600_000;

describe("a pod of the lab's kubelet", () => {
  const { PATH } = process.env;
  let labFolder: LabFolder;
  beforeEach(() => {
    labFolder = new LabFolder(mkdtempSync(join(tmpdir(), "talos-cilium-pod-")));
    labFolder.make();
    mkdirSync(labFolder.join("bin"));
    process.env.PATH = [labFolder.join("bin"), PATH].join(delimiter);
  });
  afterEach(() => {
    process.env.PATH = PATH;
    rmSync(labFolder.path, { recursive: true });
  });

  /** Every container is run by this shell script: it stands in for the program that makes the mounts. */
  function runContainersBy(script: string): void {
    writeFileSync(labFolder.join("bin", "unshare"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }

  function container(more: Partial<V1Container> = {}): V1Container {
    return { name: "web", image: "registry.k8s.io/e2e-test-images/agnhost:2.57", ...more };
  }

  function start(spec: V1PodSpec, core: object = {}): Pod {
    return new Pod({
      labFolder,
      core: core as CoreV1Api,
      object: {
        metadata: { name: "web-1", namespace: "default", uid: "1-2" },
        spec: { hostNetwork: true, ...spec },
      },
      node: { name: "talos-1", address: "192.168.10.100", controlPlane: false },
      services: { api: "10.15.0.1", dns: "10.15.0.10" },
      hasNetwork: () => true,
      containersFolder: labFolder.join("containers"),
      restartDelay: { first: AN_HOUR, most: AN_HOUR },
    });
  }

  /** Waits for a phase, or the reason why the first init container waits. */
  async function waitFor(pod: Pod, expected: string): Promise<void> {
    const look = async () => {
      const { phase, initContainerStatuses } = pod.status();
      return [phase, initContainerStatuses?.[0]?.state?.waiting?.reason];
    };
    const states = await until(look, (found) => found.includes(expected), {
      seconds: 30,
      interval: 10,
    });
    assert.ok(states.includes(expected), `${states}`);
  }

  it("stops at once while a failed init container waits for its restart", async () => {
    runContainersBy("exit 3");
    const pod = start({ initContainers: [container()], containers: [] });
    await waitFor(pod, "CrashLoopBackOff");
    const [status] = pod.status().initContainerStatuses ?? [];
    assert.equal(status?.state?.waiting?.message, "exit code 3");
    // It would wait for an hour.
    await pod.stop();
    assert.equal(pod.status().initContainerStatuses?.[0]?.restartCount, 0);
  });

  it("starts no program once it is stopped, even if a container's variables come late", async () => {
    runContainersBy("exec sleep 60");
    const api = new EventEmitter();
    const requested = once(api, "request");
    const core = {
      readNamespacedConfigMap: () => {
        api.emit("request");
        return once(api, "answer").then(([configMap]) => configMap);
      },
    };
    const valueFrom = { configMapKeyRef: { name: "settings", key: "mtu" } };
    const pod = start({ containers: [container({ env: [{ name: "MTU", valueFrom }] })] }, core);
    await requested;
    await pod.stop();
    api.emit("answer", { data: { mtu: "1450" } });
    await setImmediate();
    assert.equal(existsSync(labFolder.log("web-1_web")), false);
    assert.deepEqual(labProcesses(labFolder), []);
  });

  for (const [script, phase, terminated] of [
    ["exit 0", "Succeeded", { exitCode: 0, reason: "Completed", message: "exit code 0" }],
    ["exit 3", "Failed", { exitCode: 3, reason: "Error", message: "exit code 3" }],
    ["kill -KILL $$", "Failed", { exitCode: 1, reason: "Error", message: "signal SIGKILL" }],
  ] as const) {
    it(`that is not restarted has ${phase} after "${script}"`, async () => {
      runContainersBy(script);
      const pod = start({ restartPolicy: "Never", containers: [container()] });
      await waitFor(pod, phase);
      assert.deepEqual(pod.status().containerStatuses?.[0]?.state, { terminated });
      await pod.stop();
    });
  }
});
