import assert from "node:assert/strict";
import { PackageGraph } from "../../../../lab/toolchain/packageGraph";

/** As go list -deps prints them: a package after what it imports. */
const LISTED = `unsafe
vendor/golang.org/x/net/idna unsafe
net/http golang.org/x/net/idna C
example.com/a net/http unsafe
example.com/b unsafe
example.com/cmd example.com/a example.com/b`;

describe("the packages of a build", () => {
  it("are done when Go compiles them, and so is what they import", () => {
    const graph = new PackageGraph(LISTED);
    assert.deepEqual(graph.progress, { packages: 6, done: 0, compiled: 0 });
    graph.compiling("example.com/b");
    assert.deepEqual(graph.progress, { packages: 6, done: 2, compiled: 1 });
    graph.compiling("example.com/a");
    assert.deepEqual(graph.progress, { packages: 6, done: 5, compiled: 2 });
    graph.compiling("example.com/cmd");
    assert.deepEqual(graph.progress, { packages: 6, done: 6, compiled: 3 });
  });

  it("are only those of the programs", () => {
    const graph = new PackageGraph(LISTED);
    graph.compiling("example.com/other");
    assert.deepEqual(graph.progress, { packages: 6, done: 0, compiled: 0 });
  });
});
