import assert from "node:assert/strict";
import tools from "../../../../ci-tools.json";
import { dependencies } from "../../../../package.json";

describe("the tools of the workflows", () => {
  it("have the Pulumi CLI that the program's SDK is of", () => {
    assert.equal(tools.pulumi.version, dependencies["@pulumi/pulumi"]);
  });

  it("have the version in their addresses", () => {
    for (const { url } of Object.values(tools)) assert.match(url, /^https:.*\{version\}/);
  });
});
