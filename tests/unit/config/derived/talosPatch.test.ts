import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { ConfigError, readSettings, type Settings } from "../../../../config";
import { omniPatch, talosForm, talosPatch } from "../../../../config/derived/talosPatch";
import { readStackSettings } from "../../../../config/stackFile";
import { STACKS } from "../../../support/stacks";

const ROOT = join(__dirname, "../../../..");

const base = parse(readFileSync(join(ROOT, "tests/fixtures/base.yaml"), "utf8"));

/** What the source document's cluster needs, in one v1alpha1 document. */
const PROD_CLASSIC = {
  cluster: {
    network: {
      cni: { name: "none" },
      podSubnets: ["10.14.0.0/16"],
      serviceSubnets: ["10.15.0.0/16"],
    },
    proxy: { disabled: true },
  },
  machine: {
    features: {
      kubePrism: { enabled: true, port: 7445 },
      hostDNS: { enabled: true, forwardKubeDNSToHost: true },
    },
  },
};

/** The same in documents: those for every machine, then those for control planes. */
const PROD_EVERYWHERE = [
  {
    apiVersion: "v1alpha1",
    kind: "KubeNetworkConfig",
    podSubnets: ["10.14.0.0/16"],
    serviceSubnets: ["10.15.0.0/16"],
  },
  { apiVersion: "v1alpha1", kind: "KubePrismConfig", port: 7445 },
  {
    apiVersion: "v1alpha1",
    kind: "ResolverConfig",
    hostDNS: { enabled: true, forwardKubeDNSToHost: true },
  },
];
const PROD_CONTROL_PLANES = [
  { apiVersion: "v1alpha1", kind: "KubeFlannelCNIConfig", $patch: "delete" },
  { apiVersion: "v1alpha1", kind: "KubeProxyConfig", enabled: false },
];

const dualStack = {
  podCidrs: ["10.14.0.0/16", "fd00:14::/56"],
  serviceCidrs: ["10.15.0.0/16", "fd00:15::/112"],
};

/** The base configuration, some keys of it changed. */
function settingsWith(changes: Record<string, unknown>): Settings {
  const config: Record<string, unknown> = { ...base, ...changes };
  return readSettings({ getObject: (key) => config[key] });
}

/** Settings with two families, and with none of the defaults that the patch depends on. */
function unusualSettings(): Settings {
  return settingsWith({
    network: { ...dualStack, nodeCidrMaskSizes: { ipv4: 25, ipv6: 68 } },
    kubePrism: { port: 7446 },
    talos: { forwardKubeDnsToHost: false },
  });
}

describe("patch of Talos' machine config", () => {
  it("says all that prod needs, in the classic form", () => {
    assert.deepEqual(talosPatch(readStackSettings("prod", STACKS), "classic"), [PROD_CLASSIC]);
  });

  it("says all that prod needs, in documents", () => {
    assert.deepEqual(talosPatch(readStackSettings("prod", STACKS), "documents"), [
      ...PROD_EVERYWHERE,
      ...PROD_CONTROL_PLANES,
    ]);
  });

  it("follows the configuration where it is dual stack with mask sizes of its own, in the classic form", () => {
    assert.deepEqual(talosPatch(unusualSettings(), "classic"), [
      {
        cluster: {
          network: {
            cni: { name: "none" },
            podSubnets: dualStack.podCidrs,
            serviceSubnets: dualStack.serviceCidrs,
          },
          proxy: { disabled: true },
          controllerManager: {
            extraArgs: { "node-cidr-mask-size-ipv4": "25", "node-cidr-mask-size-ipv6": "68" },
          },
        },
        machine: {
          features: {
            kubePrism: { enabled: true, port: 7446 },
            hostDNS: { enabled: true, forwardKubeDNSToHost: false },
          },
        },
      },
    ]);
  });

  it("follows the configuration where it is dual stack with mask sizes of its own, in documents", () => {
    assert.deepEqual(talosPatch(unusualSettings(), "documents"), [
      {
        apiVersion: "v1alpha1",
        kind: "KubeNetworkConfig",
        podSubnets: dualStack.podCidrs,
        serviceSubnets: dualStack.serviceCidrs,
        nodeCIDRMaskSizeIPv4: 25,
        nodeCIDRMaskSizeIPv6: 68,
      },
      { apiVersion: "v1alpha1", kind: "KubePrismConfig", port: 7446 },
      {
        apiVersion: "v1alpha1",
        kind: "ResolverConfig",
        hostDNS: { enabled: true, forwardKubeDNSToHost: false },
      },
      ...PROD_CONTROL_PLANES,
    ]);
  });

  it("has the argument without a family for pods of one family, and none for the defaults", () => {
    const extraArgs = (network: object) => {
      const [patch] = talosPatch(settingsWith({ network }), "classic");
      return (patch as { cluster: { controllerManager?: object } }).cluster.controllerManager;
    };
    const single = { podCidrs: ["10.14.0.0/16"], serviceCidrs: ["10.15.0.0/16"] };
    assert.deepEqual(extraArgs({ ...single, nodeCidrMaskSizes: { ipv4: 26 } }), {
      extraArgs: { "node-cidr-mask-size": "26" },
    });
    assert.equal(extraArgs({ ...single, nodeCidrMaskSizes: { ipv6: 68 } }), undefined);
    assert.equal(extraArgs(dualStack), undefined);
  });

  it("leaves kube-proxy on where Cilium does not replace it", () => {
    // Not by way of the configuration, as the rules refuse it: there is a Gateway API in every stack.
    const settings = { ...readStackSettings("prod", STACKS), kubeProxyReplacement: false };
    const [classic] = talosPatch(settings, "classic");
    assert.deepEqual((classic as typeof PROD_CLASSIC).cluster.proxy, { disabled: false });
    const [proxy] = talosPatch(settings, "documents").filter((d) => d.kind === "KubeProxyConfig");
    assert.deepEqual(proxy, { apiVersion: "v1alpha1", kind: "KubeProxyConfig", enabled: true });
  });

  it("is one patch of the cluster in Omni, in the classic form", () => {
    assert.deepEqual(omniPatch(readStackSettings("prod", STACKS), "classic"), [
      { kind: "Cluster", patches: [{ name: "talos-cilium", inline: PROD_CLASSIC }] },
    ]);
  });

  it("is a patch for each document in Omni, those for control planes apart", () => {
    const named = (documents: readonly { kind: string }[]) =>
      documents.map((inline) => ({ name: `talos-cilium-${inline.kind.toLowerCase()}`, inline }));
    assert.deepEqual(omniPatch(readStackSettings("prod", STACKS), "documents"), [
      { kind: "Cluster", patches: named(PROD_EVERYWHERE) },
      { kind: "ControlPlane", patches: named(PROD_CONTROL_PLANES) },
    ]);
  });

  it("has the form that the version of Talos generates by default", () => {
    const formOf = (talos?: string) =>
      talosForm(settingsWith({ cluster: { name: "talos-test", id: 3, talos } }));
    assert.equal(formOf(undefined), "classic");
    assert.equal(formOf("1.13.7"), "classic");
    assert.equal(formOf("1.14.0"), "documents");
    assert.equal(formOf("v1.15.2"), "documents");
  });
});

describe("settings of a stack file", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "talos-cilium-"));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it("are refused as the program would refuse them", () => {
    writeFileSync(join(folder, "Pulumi.a.yaml"), "config: { talos-cilium:cluster: { id: 1 } }\n");
    assert.throws(
      () => readStackSettings("a", folder),
      (error) =>
        error instanceof ConfigError && error.message.includes("  cluster.name: missing; "),
    );
  });

  it("are all missing in an empty file", () => {
    writeFileSync(join(folder, "Pulumi.a.yaml"), "");
    assert.throws(() => readStackSettings("a", folder), ConfigError);
  });

  it("are refused in one sentence where the file is not YAML", () => {
    writeFileSync(join(folder, "Pulumi.a.yaml"), "config: [\n");
    assert.throws(
      () => readStackSettings("a", folder),
      /^Error: Pulumi\.a\.yaml: it is not YAML \(.+\); correct it there$/,
    );
  });

  it("are those of a stack by its name only, never of another file", () => {
    writeFileSync(join(folder, "Pulumi.a.yaml"), "");
    writeFileSync(join(folder, "Pulumi.b.yaml"), "");
    assert.throws(() => readStackSettings("../a", folder), {
      message: "Pulumi.../a.yaml: there is no such stack (../a); take one of a, b",
    });
  });
});
