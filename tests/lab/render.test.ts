import assert from "node:assert/strict";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mapValues } from "es-toolkit/object/mapValues";
import { isPlainObject } from "es-toolkit/predicate/isPlainObject";
import { execa } from "execa";
import { stringify } from "yaml";
import {
  ciliumValues,
  gatewayApiOf,
  type HelmValues,
  readSettings,
  type Settings,
} from "../../config";
import { readStackConfig } from "../../config/stackFile";
import { PROJECT_FOLDER } from "../../lab/labFolder";
import { chartPath, gatewayApiPath } from "../../lab/toolchain/sources";
import { readRenderedFolder } from "../../render/renderedFolder";
import { NOT_SHOWN, type RenderedStack } from "../../render/renderedStack";
import { loadGatewayApiBundle } from "../../sources/gatewayApiBundle";
import type { RenderedObject } from "../../sources/helm";
import { type FakeApi, startFakeApi } from "../support/fakeApi";
import { helmTemplate, renderAll } from "../support/renderAll";
import { OPEN, SEEDS, traces } from "../support/seededSecrets";
import { STACKS } from "../support/stacks";

type Keys = Record<string, Record<string, unknown>>;

describe("npm run render", function () {
  this.timeout(900_000);
  const folder = mkdtempSync(join(tmpdir(), "talos-cilium-render-"));
  let api: FakeApi;
  before(async () => {
    symlinkSync(await helmTemplate(), join(folder, "helm"));
    api = await startFakeApi({
      "/version": { gitVersion: "v1.32.7" },
      "/apis": { groups: [] },
      "/api/v1": { resources: [] },
    });
  });
  after(() => {
    api.close();
    rmSync(folder, { recursive: true });
  });

  /** Keys of a stack, with what it would download from the lab instead. */
  async function keysOf(stack: string): Promise<Keys> {
    const config = Object.entries(readStackConfig(stack, STACKS));
    const keys = Object.fromEntries(
      config.map(([key, value]) => [key.replace(/^talos-cilium:/, ""), value]),
    ) as Keys;
    const { gatewayApi, cilium } = keys as {
      gatewayApi: Settings["gatewayApi"];
      cilium: Settings["cilium"];
    };
    const source = await gatewayApiPath(gatewayApi.version ?? "", gatewayApi.channel);
    return {
      ...keys,
      // Whoever asks a cluster asks this one.
      cluster: { ...keys.cluster, kubeconfig: api.kubeconfig, context: "prod" },
      gatewayApi: { ...gatewayApi, source },
      cilium: { ...cilium, chart: await chartPath(cilium.version) },
    };
  }

  /** Runs the command for settings; its name is the stack's. */
  async function render(name: string, keys: Keys, ...args: string[]) {
    const file = join(folder, `${name}.yaml`);
    writeFileSync(file, stringify(keys));
    return execa(
      process.execPath,
      ["--require", "ts-node/register", "commands/render.ts", "--settings", file, ...args],
      {
        cwd: PROJECT_FOLDER,
        env: { PATH: `${folder}:${process.env.PATH}` },
        reject: false,
        maxBuffer: 1e9,
      },
    );
  }

  async function renderFolder(name: string, keys: Keys, ...args: string[]): Promise<RenderedStack> {
    const output = join(folder, `out-${name}`);
    const { exitCode, stderr, stdout } = await render(name, keys, "--output", output, ...args);
    assert.equal(stderr, "");
    assert.match(stdout, /^\S+: \d+ objects$/);
    assert.equal(exitCode, 0);
    return readRenderedFolder(output);
  }

  for (const stack of ["prod", "site-a", "site-b", "lab"]) {
    it(`has every object of ${stack}: those that Helm renders, CRDs, pools, policies and BGP objects`, async () => {
      const keys = await keysOf(stack);
      const settings = readSettings({ getObject: (key) => keys[key] });
      const gatewayApi = gatewayApiOf(settings);
      assert.ok(gatewayApi !== undefined);
      const bundle = await loadGatewayApiBundle(gatewayApi);
      const values = ciliumValues(settings, bundle.digest);
      const [expected] = await renderAll([
        { chart: settings.cilium.chart, values: values as HelmValues },
      ]);
      const rendered = await renderFolder(stack, keys);

      assert.equal(rendered.stack, stack);
      assert.deepEqual(rendered.versions, {
        cilium: settings.cilium.version,
        gatewayApi: gatewayApi.version,
        channel: gatewayApi.channel,
        kubernetes: settings.cluster.kubernetes ?? "1.33.0",
      });
      const ofHelm = rendered.objects.filter(({ madeBy }) => madeBy === "Helm");
      assert.deepEqual(
        ofHelm.map(({ object }) => nameOf(object)).sort(),
        expected?.objects?.map(nameOf).sort(),
      );
      for (const object of expected?.objects ?? []) {
        const shown = ofHelm.find((other) => nameOf(other.object) === nameOf(object));
        assert.deepEqual(withHidden(object, shown?.object), withHidden(shown?.object, undefined));
        // Nothing but certificates is secret in these stacks, and the chart makes them anew each time.
        const hidden = Object.keys(shown?.hidden ?? {});
        assert.ok(hidden.length === 0 || object.kind === "Secret", `${nameOf(object)}: ${hidden}`);
        assert.deepEqual(shown?.generated, hidden);
      }
      const own = rendered.objects.filter(({ madeBy }) => madeBy === "Pulumi");
      assert.ok(own.every(({ hidden }) => Object.keys(hidden).length === 0));
      const kinds = own.map(({ object }) => object.kind);
      const crds = kinds.filter((kind) => kind === "CustomResourceDefinition");
      assert.equal(crds.length, bundle.crds.length);
      assert.deepEqual(
        [...new Set(kinds)].filter((kind) => kind.startsWith("Cilium")),
        settings.bgp.peers.length > 0
          ? [
              "CiliumBGPAdvertisement",
              "CiliumBGPClusterConfig",
              "CiliumBGPPeerConfig",
              "CiliumLoadBalancerIPPool",
            ]
          : ["CiliumL2AnnouncementPolicy", "CiliumLoadBalancerIPPool"],
      );
      assert.deepEqual(api.requests, [], "no cluster is asked");
    });
  }

  it("prints the same in each run, as one stream, and says which objects are hooks", async () => {
    const keys = await keysOf("site-a");
    const withHooks = { ...keys, hubble: { ...keys.hubble, certificates: "cronJob" } };
    const [first, second] = await Promise.all([
      render("hooks", withHooks),
      render("hooks-2", withHooks),
    ]);
    assert.equal(first.stderr, "");
    assert.equal(first.exitCode, 0);
    assert.equal(first.stdout, second.stdout);
    const hooks = first.stdout
      .split("\n---\n")
      .filter((document) => /helm\.sh\/hook"?:/.test(document));
    assert.ok(hooks.length > 0);
    for (const hook of hooks)
      assert.match(hook, /^# made by Helm, as a hook \(post-install, post-upgrade\)$/m);
  });

  it("asks the cluster for its version and its APIs with --cluster, and nothing else", async () => {
    const rendered = await renderFolder("asked", await keysOf("prod"), "--cluster");
    assert.equal(rendered.versions.kubernetes, "1.32.7");
    assert.deepEqual([...api.requests].sort(), ["GET /api/v1", "GET /apis", "GET /version"]);
  });

  it("shows none of the secrets in values, manifests, annotations and generated objects, in no output", async () => {
    const keys = await keysOf("site-a");
    const secrets = new Map<string, string>();
    const secret = (where: string): string => {
      const text = `seed${secrets.size}-${Buffer.from(where).toString("hex").slice(-12)}Zq9`;
      secrets.set(where, text);
      return text;
    };
    // As manifests within values: each becomes an entry of cilium-config.
    const manifests = SEEDS.map(({ where, secret: text, object }, index) => {
      secrets.set(`manifest: ${where}`, text);
      return [`manifest-${index}`, JSON.stringify(object)];
    });
    const key = Buffer.from(
      `-----BEGIN PRIVATE KEY-----\n${secret("key of Hubble").repeat(3)}\n-----END PRIVATE KEY-----`,
    ).toString("base64");
    const values = {
      extraConfig: {
        ...Object.fromEntries(manifests),
        "own-password": secret("entry"),
        "open-manifest": JSON.stringify(OPEN[0]),
      },
      extraEnv: [
        { name: "GITHUB_TOKEN", value: secret("variable of the agent") },
        { name: "HTTPS_PROXY", value: `http://joe:${secret("proxy")}@proxy:3128` },
      ],
      extraArgs: [`--kvstore-password=${secret("argument of the agent")}`],
      podAnnotations: {
        "example.com/token": secret("annotation of pods"),
        "example.com/note": `Bearer ${secret("bearer")}`,
      },
      operator: {
        extraEnv: [{ name: "AWS_SECRET_ACCESS_KEY", value: secret("variable of the operator") }],
        podAnnotations: { "example.com/url": `https://joe:${secret("URL")}@example.com/` },
      },
      serviceAccounts: { cilium: { annotations: { "example.com/api-key": secret("annotation") } } },
      hubble: { tls: { auto: { enabled: false }, server: { cert: key, key } } },
    };
    const encrypted = { secure: "v1:abcdefgh:ENCRYPTEDTEXT0123456789" };
    const seeded = {
      ...keys,
      hubble: { enabled: true, certificates: "helm" },
      cilium: {
        ...keys.cilium,
        values: {
          ...values,
          envoy: { podAnnotations: { "example.com/x": encrypted } },
        },
      },
    } as Keys;
    assert.ok(secrets.size >= 40);
    const output = join(folder, "out-seeded");
    const stream = await render("seeded", seeded);
    assert.equal(stream.exitCode, 0, stream.stderr);
    assert.match(
      stream.stderr,
      /^talos-cilium:cilium\.values\.envoy\.podAnnotations\.example\.com\/x: it is encrypted, .*$/,
    );
    const files = await render("seeded", seeded, "--output", output);
    assert.equal(files.exitCode, 0, files.stderr);
    const all = [
      stream.stdout,
      stream.stderr,
      files.stdout,
      files.stderr,
      ...readdirSync(output).map((name) => readFileSync(join(output, name), "utf8")),
    ].join("\n");
    for (const [where, text] of [...secrets, ["encrypted", "ENCRYPTEDTEXT0123456789"] as const]) {
      for (const trace of traces(text)) assert.ok(!all.includes(trace), where);
    }
    assert.ok(!/encrypted-[0-9a-f]/.test(all), "a stand-in");
    // Each place was rendered, and what is open in it is shown.
    for (const open of [
      "name: GITHUB_TOKEN",
      "--kvstore-password=(not shown)",
      "http://(not shown)@proxy:3128",
      "https://(not shown)@example.com/",
      "name: AWS_SECRET_ACCESS_KEY",
      "own-password: (not shown)",
      "manifest-40: ",
      "secretName",
    ]) {
      assert.ok(all.includes(open), open);
    }
    assert.ok(all.includes(stringify(JSON.stringify(OPEN[0]), { lineWidth: 0 }).trim()));
  });

  it("says what is wrong without a secret, of the settings and of the chart", async () => {
    const keys = await keysOf("prod");
    const token = "glpat-0123456789abcdefghij";
    const refused = await render("refused", { ...keys, routing: { mode: token } });
    assert.match(
      refused.stderr,
      /^the stack's configuration cannot work .*\n {2}routing\.mode: .*\(not shown\)/,
    );
    assert.ok(!refused.stderr.includes(token));
    assert.equal(refused.stdout, "");
    assert.equal(refused.exitCode, 1);
    const values = {
      podAnnotations: { "example.com/password": "nothing-to-see" },
      MTU: "nothing-to-see",
    };
    const ofChart = await render("chart", { ...keys, cilium: { ...keys.cilium, values } });
    assert.equal(ofChart.exitCode, 1);
    assert.ok(!ofChart.stderr.includes("nothing-to-see"), ofChart.stderr);
  });

  it("says how to get Helm where there is none", async () => {
    const file = join(folder, "prod.yaml");
    writeFileSync(file, stringify(await keysOf("prod")));
    const { stderr, exitCode } = await execa(
      process.execPath,
      ["--require", "ts-node/register", "commands/render.ts", "--settings", file],
      { cwd: PROJECT_FOLDER, env: { PATH: join(folder, "nothing") }, reject: false },
    );
    assert.match(stderr, /^helm: it is not on PATH, /);
    assert.equal(exitCode, 1);
  });
});

function nameOf({ kind, metadata }: RenderedObject): string {
  return `${kind} ${metadata.namespace ?? ""}/${metadata.name}`;
}

/**
 * What was rendered, with what is not shown in the other one not shown either, and without a manifest's last line break,
 * which is lost when it is split from the others.
 */
function withHidden(rendered: unknown, shown: unknown): unknown {
  if (shown === NOT_SHOWN) return NOT_SHOWN;
  if (typeof rendered === "string") return rendered.trimEnd();
  if (Array.isArray(rendered)) {
    return rendered.map((value, index) => withHidden(value, at(shown, index)));
  }
  if (!isPlainObject(rendered)) return rendered;
  return mapValues(rendered, (value, key) => withHidden(value, at(shown, key)));
}

function at(value: unknown, key: PropertyKey): unknown {
  return (value as Record<PropertyKey, unknown> | undefined)?.[key];
}
