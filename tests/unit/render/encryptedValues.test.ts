import assert from "node:assert/strict";
import { withoutEncrypted } from "../../../render/encryptedValues";

describe("encrypted values of a stack", () => {
  const config = (secure: string) => ({
    "talos-cilium:cilium": { values: { a: { secure }, list: [{ secure: "v1:b" }], plain: "c" } },
    "talos-cilium:secret": { secure: "v1:d" },
    "talos-cilium:other": { secure: true, more: "no secret of Pulumi's" },
  });

  it("are replaced at any depth, each by a stand-in of its own, and nothing else is", () => {
    const { config: plain, standIns } = withoutEncrypted(config("v1:a"));
    const paths = [
      "talos-cilium:cilium.values.a",
      "talos-cilium:cilium.values.list.0",
      "talos-cilium:secret",
    ];
    assert.deepEqual([...standIns.keys()], paths);
    assert.equal(new Set(standIns.values()).size, 3);
    const [a, b, d] = paths.map((path) => standIns.get(path));
    assert.deepEqual(plain, {
      "talos-cilium:cilium": { values: { a, list: [b], plain: "c" } },
      "talos-cilium:secret": d,
      "talos-cilium:other": config("")["talos-cilium:other"],
    });
    assert.ok(!JSON.stringify(plain).includes("v1:"));
  });

  it("have the same stand-in in each run, and another one when something else is encrypted", () => {
    const standIn = (secure: string) => [...withoutEncrypted(config(secure)).standIns.values()][0];
    assert.equal(standIn("v1:a"), standIn("v1:a"));
    assert.notEqual(standIn("v1:a"), standIn("v1:z"));
  });
});
