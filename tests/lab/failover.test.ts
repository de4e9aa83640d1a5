import assert from "node:assert/strict";
import type { EngineEvent } from "@pulumi/pulumi/automation";
import { lostUpstreams } from "../support/kubePrismLog";
import { ENGINE_TIMEOUT, eventually, LabForTests, withToolchain } from "../support/labForTests";

describe("API servers that die during an update", function () {
  this.timeout(ENGINE_TIMEOUT);
  const lab = new LabForTests();
  before(async function () {
    await withToolchain.call(this);
    await lab.startCluster();
  });
  after(() => lab.remove());

  it("one, then a second of three: the update succeeds, and KubePrism tells which ones went", async () => {
    const stack = await lab.stack();
    const killed: string[] = [];
    const survivor = lab.apiServer("kube-apiserver-3").address;
    await stack.up({
      onEvent: (event) => {
        // The first while the Gateway API is being installed, the second while the operator starts.
        if (killed.length === 0 && isCreated(event, "CustomResourceDefinition")) {
          kill("kube-apiserver-1");
        }
        if (killed.length === 1 && isCreated(event, "Release")) kill("kube-apiserver-2");
      },
    });
    assert.deepEqual(killed, ["kube-apiserver-1", "kube-apiserver-2"]);
    const names = lab.processes.map(({ name }) => name);
    assert.ok(!names.includes("kube-apiserver-1") && !names.includes("kube-apiserver-2"));
    assert.ok(names.includes("kube-apiserver-3"));

    const log = lab.folder.log("kubeprism");
    for (const name of killed) {
      const { address } = lab.apiServer(name);
      await eventually(`KubePrism's log names ${name} (${address})`, async () =>
        lostUpstreams(log).includes(address) ? true : undefined,
      );
    }
    assert.ok(!lostUpstreams(log).includes(survivor));
    assert.deepEqual(Object.keys((await stack.up()).summary.resourceChanges ?? {}), ["same"]);

    function kill(name: string): void {
      process.kill(lab.apiServer(name).pid, "SIGKILL");
      killed.push(name);
    }
  });
});

/** Whether the engine has created a resource of this type. */
function isCreated({ resOutputsEvent }: EngineEvent, type: string): boolean {
  return (
    resOutputsEvent?.metadata.op === "create" && resOutputsEvent.metadata.type.endsWith(`:${type}`)
  );
}
