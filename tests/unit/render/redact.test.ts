import assert from "node:assert/strict";
import { mapValues } from "es-toolkit/object/mapValues";
import { Marks } from "../../../render/marks";
import { printObjects } from "../../../render/printObjects";
import { redact, redactMessage } from "../../../render/redact";
import type { StackObject } from "../../../render/renderedStack";
import type { RenderedObject } from "../../../sources/helm";
import { OPEN, REPEATED, REPETITIONS, SEEDS, traces } from "../../support/seededSecrets";

describe("the redaction of rendered objects", () => {
  const marks = new Marks();
  const redacted = (objects: readonly RenderedObject[], secrets: readonly string[] = []) =>
    redact(
      objects.map((object) => ({ object, madeBy: "Helm", hooks: [], generated: [] })),
      secrets,
      marks,
    );
  const printed = (objects: readonly StackObject[]) =>
    printObjects({
      stack: "test",
      versions: {
        cilium: "1.20.2",
        gatewayApi: undefined,
        channel: undefined,
        kubernetes: "1.33.0",
      },
      objects,
    });

  it(`shows none of ${SEEDS.length} secrets, of each kind and in each place`, () => {
    assert.ok(SEEDS.length >= 40, `${SEEDS.length} secrets`);
    for (const { where, secret, object } of SEEDS) {
      // Alone, so that no other place tells of it.
      const [alone] = redacted([object]);
      assert.ok(alone !== undefined);
      const text = printed([alone]);
      for (const trace of traces(secret)) assert.ok(!text.includes(trace), `${where}:\n${text}`);
      assert.ok(Object.keys(alone.hidden).length > 0, where);
      assert.match(text, /\(not shown\)/, where);
    }
  });

  it("hides a secret that stands in a Secret wherever it stands, also encoded", () => {
    const objects = redacted(REPETITIONS.map(({ object }) => object));
    for (const [index, { where }] of REPETITIONS.entries()) {
      const alone = objects[index] as StackObject;
      for (const trace of traces(REPEATED)) assert.ok(!printed([alone]).includes(trace), where);
      assert.equal(Object.keys(alone.hidden).length, 1, where);
    }
  });

  it("shows elsewhere what a Secret has beside a secret: users, hosts and names of objects", () => {
    const data = {
      username: "administrator",
      host: "db.example.com",
      password: "open-object",
      b: "xyz-xyz",
    };
    const note = "administrator of db.example.com, see open-object and xyz-xyz";
    const objects = redacted([
      { kind: "Secret", metadata: { name: "open-object" }, stringData: data },
      { kind: "ConfigMap", metadata: { name: "a" }, data: { note } },
    ]);
    assert.deepEqual(
      objects[0]?.object.stringData,
      mapValues(data, () => "(not shown)"),
    );
    assert.deepEqual(objects[1]?.object.data, { note: note.replace("xyz-xyz", "(not shown)") });
  });

  it("hides a secret in a key, also where it names the field", () => {
    const [shown] = redacted([
      {
        kind: "ConfigMap",
        metadata: { name: "a" },
        data: { ghp_0123456789012345678901: { password: "hunter2" } },
      },
    ]);
    assert.deepEqual(shown?.object.data, { "(not shown)": { password: "(not shown)" } });
    assert.deepEqual(Object.keys(shown?.hidden ?? {}), ["data", "data.(not shown).password"]);
  });

  it("hides a secret with quotes and line breaks, as it is and escaped", () => {
    const secret = 'say "open\nsesame" twice';
    const [shown] = redacted(
      [
        {
          kind: "ConfigMap",
          metadata: { name: "a" },
          data: {
            plain: `x ${secret} x`,
            escaped: `x ${JSON.stringify(secret)} x`,
            url: `x ${encodeURIComponent(secret)} x`,
          },
        },
      ],
      [secret],
    );
    assert.deepEqual(shown?.object.data, {
      plain: "x (not shown) x",
      escaped: 'x "(not shown)" x',
      url: "x (not shown) x",
    });
  });

  it("hides values that are given as secret", () => {
    const object = {
      kind: "ConfigMap",
      metadata: { name: "a", annotations: { note: "with marmalade1, in base64 bWFybWFsYWRlMQ==" } },
    };
    const [shown] = redacted([object], ["marmalade1"]);
    assert.deepEqual(shown?.object.metadata, {
      name: "a",
      annotations: { note: "with (not shown), in base64 (not shown)==" },
    });
    assert.deepEqual(Object.keys(shown?.hidden ?? {}), ["metadata.annotations.note"]);
  });

  it("shows names of Secrets, paths, switches, roles and schemas as they are", () => {
    for (const [index, { object, hidden }] of redacted(OPEN).entries()) {
      assert.deepEqual(object, OPEN[index]);
      assert.deepEqual(hidden, {});
    }
  });

  it("keeps what is not secret in a text, comments and order, too", () => {
    const [shown] = redacted([
      {
        kind: "ConfigMap",
        metadata: { name: "a" },
        data: { "a.yaml": "# first\nserver:\n  password: hunter2-x # not for you\n  port: 80\n" },
      },
    ]);
    assert.deepEqual(shown?.object.data, {
      "a.yaml": "# first\nserver:\n  password: (not shown) # not for you\n  port: 80\n",
    });
  });

  it("names the field, as a difference does: elements by their names, other lists as one", () => {
    const [shown] = redacted([
      {
        kind: "Pod",
        metadata: { name: "a" },
        spec: {
          containers: [
            {
              name: "x",
              args: ["-v", "--token=abcdefgh"],
              env: [{ name: "TOKEN", value: "ijklmnop" }],
            },
          ],
        },
      },
    ]);
    assert.deepEqual(Object.keys(shown?.hidden ?? {}), [
      "spec.containers[x].args",
      "spec.containers[x].env[TOKEN].value",
    ]);
    assert.deepEqual(shown?.object.spec, {
      containers: [
        {
          name: "x",
          args: ["-v", "--token=(not shown)"],
          env: [{ name: "TOKEN", value: "(not shown)" }],
        },
      ],
    });
  });

  it("marks equal secrets alike, others otherwise, and the next run's otherwise", () => {
    const secret = (value: string): RenderedObject => ({
      kind: "Secret",
      metadata: { name: "a" },
      stringData: { key: value },
    });
    const mark = (object: RenderedObject, by = marks) =>
      redact([{ object, madeBy: "Helm", hooks: [], generated: [] }], [], by)[0]?.hidden[
        "stringData.key"
      ];
    assert.equal(mark(secret("one secret")), mark(secret("one secret")));
    assert.notEqual(mark(secret("one secret")), mark(secret("another")));
    assert.notEqual(mark(secret("one secret")), mark(secret("one secret"), new Marks()));
    assert.match(mark(secret("one secret")) ?? "", /^[0-9a-f]{64}$/);
  });

  it("hides what each rendering makes anew", () => {
    const [shown] = redact(
      [
        {
          object: { kind: "Job", metadata: { name: "a", annotations: { made: "x1y2" } } },
          madeBy: "Helm",
          hooks: [],
          generated: ["metadata.annotations.made"],
        },
      ],
      [],
      marks,
    );
    assert.deepEqual(shown?.object.metadata, { name: "a", annotations: { made: "(not shown)" } });
  });

  it("takes the secrets of a configuration out of a message", () => {
    const config = {
      "talos-cilium:cilium": { values: { clustermesh: { password: "hunter2-hunter2" } } },
    };
    assert.equal(
      redactMessage(
        "cilium.values: no such value (hunter2-hunter2, stand-in-1234); leave it out",
        config,
        ["stand-in-1234"],
      ),
      "cilium.values: no such value ((not shown), (not shown)); leave it out",
    );
  });
});
