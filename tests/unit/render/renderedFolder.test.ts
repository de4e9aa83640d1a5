import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readRenderedFolder, writeRenderedFolder } from "../../../render/renderedFolder";
import type { RenderedStack, StackObject } from "../../../render/renderedStack";
import type { RenderedObject } from "../../../sources/helm";

describe("a folder of rendered objects", () => {
  let folder: string;
  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), "talos-cilium-rendered-")), "out");
  });
  afterEach(() => rmSync(join(folder, ".."), { recursive: true }));

  const object = (made: RenderedObject, more: Partial<StackObject> = {}): StackObject => ({
    object: made,
    madeBy: "Helm",
    hooks: [],
    hidden: {},
    generated: [],
    ...more,
  });
  const stack = (...objects: StackObject[]): RenderedStack => ({
    stack: "prod",
    versions: { cilium: "1.20.2", gatewayApi: "v1.6.1", channel: "standard", kubernetes: "1.33.0" },
    objects,
  });
  const AGENT = object(
    {
      apiVersion: "apps/v1",
      kind: "DaemonSet",
      metadata: { name: "cilium", namespace: "kube-system" },
      spec: { on: "yes", number: "080" },
    },
    { generated: ["spec.template"] },
  );
  const SECRET = object(
    { apiVersion: "v1", kind: "Secret", metadata: { name: "ca" }, data: { key: "(not shown)" } },
    { hidden: { "data.key": "0123" }, madeBy: "Pulumi", hooks: ["post-install"] },
  );

  it("has one file an object, named by group, kind, namespace and name, and an index", () => {
    writeRenderedFolder(folder, stack(SECRET, AGENT));
    assert.deepEqual(readdirSync(folder).sort(), [
      "apps-DaemonSet-kube-system-cilium.yaml",
      "core-Secret-ca.yaml",
      "render.yaml",
    ]);
    assert.equal(
      readFileSync(join(folder, "apps-DaemonSet-kube-system-cilium.yaml"), "utf8"),
      '# made by Helm\napiVersion: apps/v1\nkind: DaemonSet\nmetadata:\n  name: cilium\n  namespace: kube-system\nspec:\n  "on": "yes"\n  number: "080"\n',
    );
    assert.match(
      readFileSync(join(folder, "core-Secret-ca.yaml"), "utf8"),
      /^# made by Pulumi, as a hook \(post-install\)\n/,
    );
  });

  it("is read again as it was written, without the marks of secrets", () => {
    const written = stack(SECRET, AGENT);
    writeRenderedFolder(folder, written);
    assert.ok(!readFileSync(join(folder, "render.yaml"), "utf8").includes("0123"));
    assert.deepEqual(
      readRenderedFolder(folder),
      stack({ ...SECRET, hidden: { "data.key": "" } }, AGENT),
    );
    const { versions } = written;
    const bare = {
      ...written,
      versions: { ...versions, gatewayApi: undefined, channel: undefined },
    };
    writeRenderedFolder(folder, bare);
    assert.deepEqual(readRenderedFolder(folder).versions, bare.versions);
  });

  it("loses what render wrote before, and nothing else", () => {
    writeRenderedFolder(folder, stack(SECRET, AGENT));
    writeFileSync(join(folder, "notes.txt"), "mine");
    writeRenderedFolder(folder, stack(AGENT));
    assert.deepEqual(readdirSync(folder).sort(), [
      "apps-DaemonSet-kube-system-cilium.yaml",
      "notes.txt",
      "render.yaml",
    ]);
  });

  it("is refused when it has other files, or one that would be overwritten", () => {
    mkdirSync(folder);
    writeFileSync(join(folder, "mine.yaml"), "a: 1");
    assert.throws(
      () => writeRenderedFolder(folder, stack(AGENT)),
      /^Error: .*out: it has files that render did not write \(mine\.yaml\); name a new folder, or one that render wrote$/,
    );
    rmSync(join(folder, "mine.yaml"));
    writeRenderedFolder(folder, stack(AGENT));
    writeFileSync(join(folder, "core-Secret-ca.yaml"), "mine");
    assert.throws(
      () => writeRenderedFolder(folder, stack(SECRET)),
      /would overwrite \(core-Secret-ca\.yaml\); name a new folder$/,
    );
    assert.equal(readFileSync(join(folder, "core-Secret-ca.yaml"), "utf8"), "mine");
    assert.ok(existsSync(join(folder, "apps-DaemonSet-kube-system-cilium.yaml")));
  });

  it("writes nowhere else: not by an object's name, the index or a link", () => {
    const names = ["../../escape", "a/b", "system:node", "..", "x".repeat(253), "Render", "render"];
    writeRenderedFolder(
      folder,
      stack(
        ...names.map((name) => object({ apiVersion: "../v1", kind: "A", metadata: { name } })),
        ...["a:b", "a_b"].map((name) =>
          object({ apiVersion: "v1", kind: "B", metadata: { name } }),
        ),
      ),
    );
    assert.deepEqual(readdirSync(join(folder, "..")), ["out"]);
    const files = readdirSync(folder);
    assert.equal(files.length, names.length + 3);
    assert.equal(new Set(files.map((name) => name.toLowerCase())).size, files.length);
    for (const name of files) assert.match(name, /^[\w][\w.-]{0,220}\.yaml$/);

    const outside = join(folder, "..", "outside.yaml");
    writeFileSync(outside, "mine");
    writeFileSync(
      join(folder, "render.yaml"),
      readFileSync(join(folder, "render.yaml"), "utf8").replace(
        "core-B-a_b.yaml",
        "../outside.yaml",
      ),
    );
    assert.throws(
      () => writeRenderedFolder(folder, stack(AGENT)),
      /render\.yaml: not as render writes it; write a new folder with --output$/,
    );
    assert.equal(readFileSync(outside, "utf8"), "mine");

    rmSync(folder, { recursive: true });
    writeRenderedFolder(folder, stack(AGENT));
    const file = join(folder, "apps-DaemonSet-kube-system-cilium.yaml");
    rmSync(file);
    symlinkSync(outside, file);
    writeRenderedFolder(folder, stack(AGENT));
    assert.equal(readFileSync(outside, "utf8"), "mine");
    assert.match(readFileSync(file, "utf8"), /^# made by Helm/);
  });

  it("is not read when render did not write it, or a file of it is gone", () => {
    mkdirSync(folder);
    assert.throws(
      () => readRenderedFolder(folder),
      /out: render did not write it \(no render\.yaml\); write a folder with --output$/,
    );
    writeRenderedFolder(folder, stack(AGENT));
    rmSync(join(folder, "apps-DaemonSet-kube-system-cilium.yaml"));
    assert.throws(
      () => readRenderedFolder(folder),
      /cilium\.yaml: it cannot be read \(ENOENT.*\); write the folder again with --output$/,
    );
  });
});
