import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { V1Node } from "@kubernetes/client-node";
import { fetchKubePrism } from "../../../../verify/facts/talosctl";

const NODES: V1Node[] = ["192.168.10.100", "192.168.10.101"].map((address, index) => ({
  metadata: { name: `talos-${index}` },
  status: { addresses: [{ type: "InternalIP", address }] },
}));

function printed(node: string, healthy: boolean): string {
  return `node: ${node}
metadata:
    namespace: k8s
    type: KubePrismStatuses.kubernetes.talos.dev
    id: kubeprism
spec:
    host: 127.0.0.1:7445
    healthy: ${healthy}
`;
}

describe("what talosctl says of KubePrism", () => {
  const { PATH } = process.env;
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "talosctl-"));
    process.env.PATH = `${folder}${delimiter}${PATH}`;
  });
  afterEach(() => {
    process.env.PATH = PATH;
    rmSync(folder, { recursive: true });
  });

  /** Puts a talosctl on PATH that prints something, and its arguments to standard error. */
  function standIn(stdout: string, exitCode = 0): void {
    writeFileSync(join(folder, "printed"), stdout);
    const script = `#!/bin/sh\necho "$@" >&2\ncat ${folder}/printed\nexit ${exitCode}\n`;
    writeFileSync(join(folder, "talosctl"), script, { mode: 0o755 });
  }

  it("is read for each node", async () => {
    standIn([printed("192.168.10.100", true), printed("192.168.10.101", false)].join("---\n"));
    assert.deepEqual(
      [...(await fetchKubePrism("omni", NODES))],
      [
        ["talos-0", true],
        ["talos-1", false],
      ],
    );
  });

  it("is not healthy for a node that does not answer", async () => {
    standIn(printed("192.168.10.100", true), 1);
    const answers = await fetchKubePrism("omni", NODES);
    assert.deepEqual([...answers.values()], [true, false]);
  });

  it("is an error when no node answers, with what was asked", async () => {
    standIn("", 1);
    await assert.rejects(
      fetchKubePrism("omni", NODES),
      /talosctl reached no node \(--context omni --nodes 192\.168\.10\.100,192\.168\.10\.101 get kubeprismstatuses --output yaml\)/,
    );
  });

  it("is an error when it has another shape", async () => {
    standIn(printed("192.168.10.100", true).replace("healthy: true", "state: fine"));
    await assert.rejects(fetchKubePrism("omni", NODES), /printed something unknown/);
  });

  it("is an error without talosctl", async () => {
    process.env.PATH = folder;
    await assert.rejects(fetchKubePrism("omni", NODES), /talosctl is not on PATH; install it/);
  });
});
