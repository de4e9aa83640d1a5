import assert from "node:assert/strict";
import { generatedFields } from "../../../render/generatedFields";
import type { RenderedObject } from "../../../sources/helm";

describe("fields that each rendering makes anew", () => {
  const secret = (value: string): RenderedObject => ({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "certs" },
    data: { "ca.crt": value, same: "a" },
  });
  const job = (value: string): RenderedObject => ({
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "job" },
    spec: {
      containers: [
        { name: "a", args: [value] },
        { name: "b", args: ["same"] },
      ],
    },
  });

  it("are those in which two renderings differ, object by object, in whatever order", () => {
    assert.deepEqual(generatedFields([secret("1"), job("1")], [job("2"), secret("2")]), [
      ['data."ca.crt"'],
      ["spec.containers[a].args"],
    ]);
    assert.deepEqual(generatedFields([secret("1"), job("1")], [secret("1"), job("1")]), [[], []]);
  });

  it("are a field that only one of them has, and a list of another length", () => {
    const { data: _, ...without } = secret("1");
    assert.deepEqual(generatedFields([secret("1")], [without as RenderedObject]), [["data"]]);
    const longer = { ...job("1"), spec: { containers: [{ name: "a", args: ["1"] }] } };
    assert.deepEqual(generatedFields([job("1")], [longer]), [["spec.containers"]]);
  });

  it("are the name of an object that has another one each time", () => {
    const named = (name: string) => ({ ...job("1"), metadata: { name } });
    assert.deepEqual(
      generatedFields([named("job-1"), secret("1")], [named("job-2"), secret("1")]),
      [["metadata.name"], []],
    );
  });
});
