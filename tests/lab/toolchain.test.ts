import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { Cache } from "../../lab/toolchain/cache";
import { findInstalled } from "../../lab/toolchain/installed";
import { prepareTool } from "../../lab/toolchain/toolchain";
import { TOOLS, type Tool } from "../../lab/toolchain/tools";

describe("the toolchain", function () {
  this.timeout(900_000);
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "talos-cilium-toolchain-"));
    mkdirSync(join(folder, "module"));
    writeFileSync(join(folder, "module", "go.mod"), "module example.invalid/hello\n\ngo 1.26.0\n");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function program(text: string): void {
    writeFileSync(join(folder, "module", "main.go"), `package main\n\n${text}\n`);
  }

  it("says which module failed and why, and builds it when run again", async () => {
    const tool: Tool = {
      name: "hello",
      version: "v1.0.0",
      module: join(folder, "module"),
      package: ".",
      variables: { "main.greeting": "hello" },
    };
    const cache = new Cache(join(folder, "cache"));
    const lines: string[] = [];
    const prepare = () => prepareTool(tool, "[1/1]", (line) => lines.push(line), cache);

    program("func main() { undefined() }");
    await assert.rejects(prepare(), (error: Error) => {
      assert.match(
        error.message,
        /^hello v1\.0\.0 could not be built from Go module \. \(pinned in /,
      );
      assert.match(error.message, /run the command again to continue from here/);
      assert.match(error.message, /main\.go:3:15: undefined: undefined/);
      return true;
    });
    program("var greeting string\n\nfunc main() { println(greeting) }");
    const path = await prepare();
    assert.equal((await execa(path)).stderr, "hello");
    assert.equal(await prepare(), path);
    assert.deepEqual(
      lines.map((line) => line.replace(/\d+ s/g, "N s")),
      [
        "[1/1] hello v1.0.0: building, N s",
        "[1/1] hello v1.0.0: failed",
        "[1/1] hello v1.0.0: building, N s",
        "[1/1] hello v1.0.0: built in N s",
        "[1/1] hello v1.0.0: in the cache (built in N s)",
      ],
    );
  });

  describe("uses programs that the user has", () => {
    const { PATH, KUBEBUILDER_ASSETS, PULUMI_HOME } = process.env;
    afterEach(() => {
      for (const [name, value] of Object.entries({ PATH, KUBEBUILDER_ASSETS, PULUMI_HOME })) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    });

    function install(name: string, version: string, ...parts: string[]): string {
      mkdirSync(join(folder, ...parts), { recursive: true });
      const path = join(folder, ...parts, name);
      writeFileSync(path, `#!/bin/sh\necho "${version}"\n`);
      chmodSync(path, 0o755);
      return path;
    }

    function find(name: Tool["name"]) {
      return findInstalled(TOOLS.find((tool) => tool.name === name) as Tool);
    }

    it("from PATH, when they are new enough", async () => {
      process.env.PATH = `${folder}:${PATH}`;
      install("pulumi", "v3.245.9");
      assert.equal(await find("pulumi"), undefined);
      const path = install("pulumi", "v3.250.0");
      assert.deepEqual(await find("pulumi"), { path, version: "3.250.0" });
    });

    it("from KUBEBUILDER_ASSETS, when they are new enough", async () => {
      process.env.KUBEBUILDER_ASSETS = folder;
      install("kube-apiserver", "Kubernetes v1.35.4");
      assert.equal(await find("kube-apiserver"), undefined);
      const path = install("kube-apiserver", "Kubernetes v1.37.0");
      assert.deepEqual(await find("kube-apiserver"), { path, version: "1.37.0" });
      delete process.env.KUBEBUILDER_ASSETS;
      assert.equal(await find("kube-apiserver"), undefined);
    });

    it("from Pulumi's plugins, of the very version", async () => {
      process.env.PULUMI_HOME = folder;
      const plugin = ["plugins", "resource-kubernetes-v4.25.0"];
      const path = install("pulumi-resource-kubernetes", "4.25.0", ...plugin);
      assert.deepEqual(await find("pulumi-resource-kubernetes"), { path, version: "4.25.0" });
    });
  });
});
