import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { parseSettings } from "../../../commands/settings";
import { ConfigError, readSettings, readStackSettings } from "../../../config";
import { STACKS } from "../../support/stacks";

const FIXTURES = join(__dirname, "../../fixtures");

describe("settings that are not in a stack file", () => {
  const prod = readStackSettings("prod", STACKS);

  it("are the same when they are written as JSON and read again, whatever they are", () => {
    const valid = readdirSync(join(FIXTURES, "valid"));
    assert.ok(valid.length > 50);
    for (const file of valid) {
      const keys = { ...readFixture("base.yaml"), ...readFixture("valid", file) };
      const settings = readSettings({ getObject: (key) => keys[key] });
      assert.deepEqual(parseSettings(JSON.stringify(settings), "FILE"), settings, file);
    }
  });

  it("may be YAML with the keys that a user sets", () => {
    const text = `
cluster: { name: talos-proxmox-prod, id: 1 }
nodes: { controlPlanes: [192.168.10.100, 192.168.10.101, 192.168.10.102] }
lan: { cidr: 192.168.10.0/24 }
network: { podCidrs: [10.14.0.0/16], serviceCidrs: [10.15.0.0/16] }
routing: { devices: [ens18] }
gatewayApi: { version: v1.3.0 }
cilium: { version: 1.18.4 }
loadBalancing:
  pools: [{ start: 192.168.10.50, stop: 192.168.10.99 }]
  policies: [{ interfaces: [^ens18$] }]
`;
    assert.deepEqual(parseSettings(text, "FILE"), prod);
  });

  it("are refused with every problem, each after the name of its source", () => {
    const wrong = {
      ...prod,
      network: { ...prod.network, podCidrs: ["10.14.1.0/16"] },
      gatewayApi: { ...prod.gatewayApi, version: "v1.6.1" },
      nonsense: 1,
    };
    assert.throws(
      () => parseSettings(JSON.stringify({ ...wrong, nonsense: undefined }), "lab.json"),
      (error: Error) => {
        assert.ok(error instanceof ConfigError);
        assert.match(error.message, /^ {2}lab\.json: network\.podCidrs\.0: .+; .+$/m);
        assert.match(error.message, /^ {2}lab\.json: gatewayApi\.version: .+; .+$/m);
        return true;
      },
    );
    assert.throws(
      () => parseSettings(JSON.stringify(wrong), "lab.json"),
      /^ {2}lab\.json: nonsense: no such key; /m,
    );
  });

  for (const [text, message] of [
    ["a: b: c", /^FILE: not YAML \(.+\); write the keys of docs\/configuration\.md$/],
    ["hello", /^FILE: not a mapping \("hello"\); write the keys/],
    ["[1]", /^FILE: not a mapping \(\[1\]\); write the keys/],
    ["", /^FILE: not a mapping \(null\); write the keys/],
  ] as const) {
    it(`are refused when they are no mapping: ${JSON.stringify(text)}`, () => {
      assert.throws(() => parseSettings(text, "FILE"), { message });
    });
  }
});

function readFixture(...path: string[]): Record<string, unknown> {
  return parse(readFileSync(join(FIXTURES, ...path), "utf8")) ?? {};
}
