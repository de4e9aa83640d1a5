import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Marks } from "../../../render/marks";
import { renderStack } from "../../../render/renderStack";

describe("the program of a checkout", () => {
  const folder = mkdtempSync(join(tmpdir(), "talos-cilium-checkout-"));
  after(() => rmSync(folder, { recursive: true }));

  it("is not run without its packages", async () => {
    const sentences: string[] = [];
    await assert.rejects(
      renderStack({
        folder,
        stack: "prod",
        config: { "talos-cilium:cilium": { values: { token: { secure: "v1:abcd" } } } },
        marks: new Marks(),
        warn: (sentence) => sentences.push(sentence),
      }),
      /^Error: .*talos-cilium-checkout-\w+: its packages are not installed \(no node_modules\); run npm ci there$/,
    );
    assert.deepEqual(sentences, [
      "talos-cilium:cilium.values.token: it is encrypted, and nothing is decrypted here; it is rendered with a stand-in, which is not shown",
    ]);
  });
});
