import assert from "node:assert/strict";
import { proxyFor, withoutPassword } from "../../../kubernetes/proxy";

const PROXY = "http://proxy:3128";

describe("the proxy of the environment", () => {
  it("is that of the URL's scheme, in upper or lower case", () => {
    const env = { HTTPS_PROXY: "http://secure:1", http_proxy: "http://plain:2" };
    assert.equal(proxyFor("https://api.test:6443", env), "http://secure:1");
    assert.equal(proxyFor("http://mirror.test/install.yaml", env), "http://plain:2");
    assert.equal(proxyFor("https://api.test", { https_proxy: PROXY }), PROXY);
    assert.equal(proxyFor("https://api.test", { HTTP_PROXY: PROXY }), undefined);
    assert.equal(proxyFor("https://api.test", { HTTPS_PROXY: "" }), undefined);
  });

  it("speaks HTTP when it says nothing else", () => {
    assert.equal(proxyFor("https://api.test", { HTTPS_PROXY: "proxy:3128" }), PROXY);
  });

  const excluded: [noProxy: string, url: string, isExcluded: boolean][] = [
    ["", "https://localhost:7445", true],
    ["", "https://127.0.0.53", true],
    ["", "https://[::1]:6443", true],
    ["*", "https://api.test", true],
    ["api.test", "https://api.test", true],
    ["api.test", "https://a.api.test", true],
    ["api.test", "https://otherapi.test", false],
    [".test", "https://api.test", true],
    [".api.test", "https://api.test", false],
    ["*.test", "https://api.test", true],
    ["API.Test", "https://api.test", true],
    ["a.test, api.test", "https://api.test", true],
    ["api.test:443", "https://api.test", true],
    ["api.test:6443", "https://api.test", false],
    ["192.168.10.100", "https://192.168.10.100:6443", true],
    ["192.168.10.100:6443", "https://192.168.10.100:6443", true],
    ["192.168.10.100:443", "https://192.168.10.100:6443", false],
    ["192.168.0.0/16", "https://192.168.10.100:6443", true],
    ["10.0.0.0/8", "https://192.168.10.100:6443", false],
    ["10.0.0.0/99", "https://10.0.0.1", false],
    ["fd00::/8", "https://[fd00:10::100]:6443", true],
    ["[fd00:10::100]:6443", "https://[fd00:10::100]:6443", true],
    ["fd00:10::100", "https://[fd00:10::100]:6443", true],
  ];
  for (const [noProxy, url, isExcluded] of excluded) {
    it(`is ${isExcluded ? "not taken" : "taken"} for ${url} with NO_PROXY=${noProxy}`, () => {
      for (const name of ["NO_PROXY", "no_proxy"]) {
        const env = { HTTPS_PROXY: PROXY, [name]: noProxy };
        assert.equal(proxyFor(url, env), isExcluded ? undefined : PROXY);
      }
    });
  }

  it("is named without its password", () => {
    assert.equal(withoutPassword("http://me:secret@proxy:3128"), "http://proxy:3128");
  });
});
