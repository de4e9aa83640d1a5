import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  describe as describeBuild,
  minutes,
  Pace,
  Progress,
} from "../../../../lab/toolchain/progress";
import { announcement } from "../../../../lab/toolchain/toolchain";
import { toolsOf } from "../../../../lab/toolchain/tools";

describe("the progress of a build", () => {
  it("has a total and the time that is left", () => {
    assert.equal(
      describeBuild({ packages: 4000, done: 1000, compiled: 900 }, 180, 0.2),
      "toolchain: 1000 of 4000 packages (25 %), 900 compiled, 3 minutes so far, about 10 minutes left",
    );
    assert.equal(
      describeBuild({ packages: 4000, done: 3800, compiled: 3700 }, 600, 0.2),
      "toolchain: 3800 of 4000 packages (95 %), 3700 compiled, 10 minutes so far, about 40 seconds left",
    );
    assert.match(
      describeBuild({ packages: 4000, done: 4000, compiled: 4000 }, 660, 0.2),
      /, linking$/,
    );
  });

  it("says that modules are fetched while the total is not known", () => {
    assert.equal(
      describeBuild({ packages: 0, done: 0, compiled: 0 }, 12.2, 0.2),
      "toolchain: fetching Go modules, 13 seconds so far",
    );
  });

  it("prints the total as soon as it is known, and at the end how long it took", () => {
    const lines: string[] = [];
    const progress = new Progress(0.5, (line) => lines.push(line));
    try {
      progress.update({ packages: 4000, done: 0, compiled: 0 });
      progress.update({ packages: 4000, done: 1, compiled: 1 });
      assert.equal(progress.pace, undefined);
      progress.update({ packages: 4000, done: 400, compiled: 400 });
      assert.ok((progress.pace ?? 0) > 0);
    } finally {
      progress.end("18 programs built");
    }
    assert.equal(lines.length, 2);
    assert.match(lines[0] ?? "", /^toolchain: 0 of 4000 packages .* about 33 minutes left$/);
    assert.match(lines[1] ?? "", /^toolchain: 18 programs built after \d+ seconds?$/);
  });

  it("gives a time in seconds, and in minutes from one and a half on", () => {
    assert.deepEqual([0.2, 89, 90, 1500].map(minutes), [
      "1 second",
      "89 seconds",
      "2 minutes",
      "25 minutes",
    ]);
  });

  it("takes the pace of the last build", async () => {
    const folder = mkdtempSync(join(tmpdir(), "talos-cilium-pace-"));
    try {
      const assumed = await new Pace(folder).read();
      assert.ok(assumed > 0);
      await new Pace(folder).write(assumed * 2);
      assert.equal(await new Pace(folder).read(), assumed * 2);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("begins with a sentence on what is built, why, and how to do without", () => {
    const sentence = announcement(toolsOf("network"));
    assert.match(
      sentence,
      /^toolchain: building 17 programs, once, from pinned Go modules, since /,
    );
    assert.match(sentence, /etcd v3\.6\.8, kube-apiserver v1\.36\.3, /);
    assert.match(sentence, /pulumi \^3\.246\.0 on PATH/);
    assert.match(sentence, /kube-apiserver \^1\.36\.0 in the folder KUBEBUILDER_ASSETS/);
    assert.match(sentence, /npm run lab -- toolchain import FILE$/);
    const kwok = announcement(toolsOf("control-plane").filter(({ name }) => name === "kwok"));
    assert.match(kwok, /building 1 program, once, .*: kwok v0\.8\.0; an archive/);
  });

  it("builds for a depth what that depth runs, and no more", () => {
    const only = (depth: "control-plane" | "network") => {
      const others = toolsOf(depth === "network" ? "control-plane" : "network");
      return toolsOf(depth)
        .filter((tool) => !others.includes(tool))
        .map(({ name }) => name);
    };
    assert.deepEqual(only("control-plane"), ["kwok"]);
    assert.deepEqual(only("network"), [
      "cilium-agent",
      "cilium-dbg",
      "cilium-cni",
      "cilium-health",
      "cilium-health-responder",
      "cnitool",
      "coredns",
      "kubelet-exec",
      "agnhost",
    ]);
  });
});
