import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { Cache } from "../../lab/toolchain/cache";
import { findInstalled } from "../../lab/toolchain/installed";
import { prepareTools } from "../../lab/toolchain/toolchain";
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

  function program(name: string, text: string): void {
    mkdirSync(join(folder, "module", name), { recursive: true });
    writeFileSync(join(folder, "module", name, "main.go"), `package main\n\n${text}\n`);
  }

  /** A program of the module in the test's folder. */
  function tool(name: string): Tool {
    const variables = { "main.greeting": "hello" };
    return { name, version: "v1.0.0", package: `example.invalid/hello/${name}`, variables };
  }

  function options() {
    return { cache: new Cache(join(folder, "cache")), module: join(folder, "module") };
  }

  it("says which program failed and why, keeps the others, and builds it when run again", async () => {
    program("good", "var greeting string\n\nfunc main() { println(greeting) }");
    program("bad", "func main() { undefined() }");
    const lines: string[] = [];
    const prepare = () =>
      prepareTools([tool("good"), tool("bad")], (line) => lines.push(line), options());

    await assert.rejects(prepare(), (error: Error) => {
      assert.match(
        error.message,
        /^bad v1\.0\.0 \(Go package example\.invalid\/hello\/bad\) could not be built \(pinned in /,
      );
      assert.match(error.message, /run the command again to continue from here/);
      assert.match(error.message, /main\.go:3:15: undefined: undefined/);
      return true;
    });
    const kept = readdirSync(join(folder, "cache", "entries"));
    assert.ok(kept.some((name) => /^good-\w+$/.test(name)));
    assert.ok(!kept.some((name) => /^bad-\w+$/.test(name)));
    program("bad", "var greeting string\n\nfunc main() { println(greeting) }");
    const { good = "", bad = "" } = await prepare();
    assert.equal((await execa(bad)).stderr, "hello");
    assert.equal((await execa(good)).stderr, "hello");
    const printed = lines.length;
    assert.deepEqual(await prepare(), { good, bad });
    assert.equal(lines.length, printed);
    const told = lines
      .filter((line) => !/ packages \(|fetching/.test(line))
      .map((line) => line.replace(/\d+ (seconds?|minutes?)/, "N seconds"));
    assert.equal(told.length, 4);
    assert.match(
      told[0] ?? "",
      /^toolchain: building 2 programs, .*: good v1\.0\.0, bad v1\.0\.0; /,
    );
    assert.equal(told[1], "toolchain: failed after N seconds");
    assert.equal(told[2], told[0]);
    assert.equal(told[3], "toolchain: 2 programs built after N seconds");
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
