import assert from "node:assert/strict";
import { until } from "../../../kubernetes/until";

/** Counts its looks: the first returns 1. */
function counter(): () => Promise<number> {
  let looks = 0;
  return async () => ++looks;
}

describe("until", () => {
  it("returns the first wanted result", async () => {
    const result = await until(counter(), (looks) => looks === 3, { seconds: 10, interval: 1 });
    assert.equal(result, 3);
  });

  it("looks once when there is no time, and returns what it saw", async () => {
    assert.equal(await until(counter(), () => false, { seconds: 0, interval: 1 }), 1);
  });

  it("returns the last result once the time is over", async () => {
    const looks = await until(counter(), () => false, { seconds: 0.05, interval: 1 });
    assert.ok(looks > 1, `${looks} looks`);
  });

  it("throws what a look throws", async () => {
    const look = () => Promise.reject(new Error("no connection"));
    await assert.rejects(
      until(look, () => true, { seconds: 10, interval: 1 }),
      /^Error: no conn/,
    );
  });

  it("stops with the reason of its signal", async () => {
    const abort = new AbortController();
    const look = async () => abort.abort(new Error("interrupted"));
    const { signal } = abort;
    const stopped = until(look, () => false, { seconds: 10, interval: 1, signal });
    await assert.rejects(stopped, /^Error: interrupted$/);
  });
});
