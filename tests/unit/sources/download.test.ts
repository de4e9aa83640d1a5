import assert from "node:assert/strict";
import { download } from "../../../sources/download";
import { ProxyForTests, withEnvironment } from "../../support/apiForTests";

describe("a download", () => {
  let proxy: ProxyForTests;
  let restore: () => void;
  const startProxy = async (status?: number) => {
    proxy = await ProxyForTests.start(9, status);
    const url = proxy.url.replace("//", "//me:secret@");
    restore = withEnvironment({ HTTPS_PROXY: url, HTTP_PROXY: url, NO_PROXY: "" });
  };
  afterEach(async () => {
    restore();
    await proxy.stop();
  });

  it("is asked of the environment's proxy", async () => {
    await startProxy();
    assert.equal(await download("http://mirror.test/install.yaml"), "by the proxy");
    assert.deepEqual(proxy.asked, ["http://mirror.test/install.yaml"]);
  });

  it("asks for a tunnel, and ends at once, naming the proxy without its password, when that wants a login", async () => {
    await startProxy(407);
    await assert.rejects(
      download("https://mirror.test/install.yaml"),
      /^Error: HTTP 407, by way of the proxy http:\/\/127\.0\.0\.1:\d+$/,
    );
    assert.deepEqual(proxy.asked, ["mirror.test:443"]);
  });
});
