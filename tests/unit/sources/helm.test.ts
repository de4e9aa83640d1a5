import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Settings } from "../../../config";
import { hooksOf, renderChart, renderRelease } from "../../../sources/helm";

describe("rendering by the helm on PATH", () => {
  const folder = mkdtempSync(join(tmpdir(), "talos-cilium-helm-"));
  const path = process.env.PATH;
  const NAMED = "metadata: {name: x}\n";
  after(() => {
    process.env.PATH = path;
    rmSync(folder, { recursive: true });
  });

  /** Puts a helm on PATH that keeps its arguments and its input, prints something, and ends. */
  function install(output: string, code = 0): void {
    const script = `#!/bin/sh
printf '%s\\n' "$@" > ${folder}/args; cat > ${folder}/input
cat <<'EOF' ${code === 0 ? "" : ">&2"}
${output}
EOF
exit ${code}
`;
    writeFileSync(join(folder, "helm"), script);
    chmodSync(join(folder, "helm"), 0o755);
    process.env.PATH = `${folder}:${path}`;
  }

  function settings(chart: string, kubernetes?: string): Pick<Settings, "cilium" | "cluster"> {
    const repository = "https://charts.example";
    return {
      cilium: { chart, repository, version: "1.20.2" },
      cluster: { kubernetes },
    } as Settings;
  }

  async function argsFor(chart: string, kubernetes?: string): Promise<string> {
    await renderChart(settings(chart, kubernetes), { a: 1 }, "the stack");
    return readFileSync(join(folder, "args"), "utf8").trim().split("\n").join(" ");
  }

  it("takes the chart from its repository, a registry, an archive or a folder", async () => {
    install(`---\nkind: A\n${NAMED}---\n# nothing\n---\nkind: B\n${NAMED}`);
    const common = "--namespace kube-system --values - --include-crds --kube-version";
    const apis =
      "--api-versions monitoring.coreos.com/v1 --api-versions gateway.networking.k8s.io/v1/GatewayClass";
    assert.equal(
      await argsFor("cilium"),
      `template cilium cilium ${common} 1.33.0 ${apis} --repo https://charts.example --version 1.20.2`,
    );
    assert.equal(
      await argsFor("oci://registry.lan/cilium", "1.34.1"),
      `template cilium oci://registry.lan/cilium ${common} 1.34.1 ${apis} --version 1.20.2`,
    );
    for (const chart of ["./charts/cilium", "/charts/cilium-1.20.2.tgz", "cilium.tgz"]) {
      assert.equal(await argsFor(chart), `template cilium ${chart} ${common} 1.33.0 ${apis}`);
    }
    assert.equal(readFileSync(join(folder, "input"), "utf8"), '{"a":1}');
    assert.deepEqual(await renderChart(settings("cilium"), {}, "the stack"), [
      { kind: "A", metadata: { name: "x" } },
      { kind: "B", metadata: { name: "x" } },
    ]);
  });

  it("renders any release, in any folder, for any cluster", async () => {
    install(`---\nkind: A\n${NAMED}`);
    const release = {
      ...{ name: "web", namespace: "apps", chart: "./web", version: "1.0.0", repository: "" },
      values: {},
    };
    const capabilities = { kubernetes: "1.36.3", apis: ["v1", "apps/v1/DaemonSet"] };
    await renderRelease(release, capabilities, { whose: "the stack", folder: "/" });
    assert.equal(
      readFileSync(join(folder, "args"), "utf8").trim().split("\n").join(" "),
      "template web ./web --namespace apps --values - --include-crds --kube-version 1.36.3 --api-versions v1 --api-versions apps/v1/DaemonSet",
    );
  });

  it("reads what Helm prints as Kubernetes does", async () => {
    install(
      `---\nkind: A\n${NAMED}mode: 0400\nswitch: off\ndate: 2026-11-28\nmac: 10:20:30\ntext: '0400'\n`,
    );
    assert.deepEqual(await renderChart(settings("cilium"), {}, "the stack"), [
      {
        kind: "A",
        metadata: { name: "x" },
        mode: 256,
        switch: false,
        date: "2026-11-28",
        mac: "10:20:30",
        text: "0400",
      },
    ]);
  });

  it("takes the objects out of a list, and refuses what is no object, without showing it", async () => {
    install(`---\nkind: ConfigMapList\nitems:\n- kind: ConfigMap\n  metadata: {name: a}\n`);
    assert.deepEqual(await renderChart(settings("cilium"), {}, "the stack"), [
      { kind: "ConfigMap", metadata: { name: "a" } },
    ]);
    for (const broken of ["hunter2", "hunter2: a", "kind: A"]) {
      install(`---\nkind: A\n${NAMED}---\n${broken}\n`);
      await assert.rejects(
        renderChart(settings("cilium"), {}, "the stack"),
        /^Error: helm template, with the values of the stack, rendered a document that is no object \(line 4 of its output\); find the value that breaks a manifest$/,
      );
    }
  });

  it("tells the hooks of an object by Helm's annotation", () => {
    const object = (annotations: Readonly<Record<string, string>> = {}) => ({
      kind: "Job",
      metadata: { name: "a", annotations },
    });
    assert.deepEqual(hooksOf(object({ "helm.sh/hook": "post-upgrade, post-install" })), [
      "post-install",
      "post-upgrade",
    ]);
    assert.deepEqual(hooksOf(object({ "helm.sh/hook-weight": "1" })), []);
    assert.deepEqual(hooksOf(object()), []);
  });

  it("says whose values the chart refuses, with the last line of what Helm says", async () => {
    install("walk.go: found\nError: tunnel was deprecated in v1.14", 1);
    await assert.rejects(
      renderChart(settings("cilium"), { tunnel: "disabled" }, "the files"),
      /^Error: helm template, with the values of the files, ended with 1: Error: tunnel was deprecated in v1\.14$/,
    );
  });

  it("says how to get Helm where there is none", async () => {
    process.env.PATH = join(folder, "nothing");
    await assert.rejects(
      renderChart(settings("cilium"), {}, "the stack"),
      /^Error: helm: it is not on PATH, .* go install helm\.sh\/helm\/v3\/cmd\/helm@v3\.22\.0$/,
    );
  });
});
