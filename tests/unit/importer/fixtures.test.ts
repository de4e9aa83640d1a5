import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parse, stringify } from "yaml";
import { describeProblem, readSettings, valueAt, warningsOf } from "../../../config";
import { importValues } from "../../../importer/importValues";
import { readSources, type SourceFile } from "../../../importer/sources";
import type { Tree } from "../../../importer/tree";
import { ROOT } from "./stacks";

const FIXTURES = join(ROOT, "tests/fixtures/import");

/** An import, and what comes of it. Every expected text is the beginning of a line, or a part of it. */
interface Fixture {
  /** Page that the values and manifests are modelled on. */
  readonly source?: string;
  /** Texts, or trees that are written as YAML; of a list, one document each. */
  readonly files: Readonly<Record<string, unknown>>;
  /** Whether the files are those of a folder, in the order of their names. */
  readonly folder?: boolean;
  /** What a person fills in beside, or instead of, FILLED_IN; null leaves a key out. */
  readonly set?: Readonly<Record<string, unknown>>;
  /** Lines that ask for something; without them the stack passes. */
  readonly asks?: readonly string[];
  /** Lines about what is lost or changes. */
  readonly says?: readonly string[];
  /** Warnings of the rules. */
  readonly warns?: readonly string[];
  /** Values in the stack by their paths; null: not there. */
  readonly stack?: Readonly<Record<string, unknown>>;
}

/** What the values of a chart never have. */
const FILLED_IN = {
  "cilium.version": "1.18.4",
  "gatewayApi.version": "v1.3.0",
  "nodes.controlPlanes": ["192.168.10.100", "192.168.10.101", "192.168.10.102"],
  "nodes.workers": ["192.168.10.111", "192.168.10.112"],
  "network.serviceCidrs": ["10.43.0.0/16"],
};

/** Of Cilium's documentation, which is that of the newest version, and names neither cluster nor pod CIDR. */
const FILLED_IN_GUIDES = {
  ...FILLED_IN,
  "cilium.version": "1.20.2",
  "gatewayApi.version": "v1.6.1",
  "network.podCidrs": ["10.42.0.0/16"],
};

/** Lines and warnings that every stack made of values without a name, an IPAM mode or Talos' settings leads to. */
const OF_EVERY_GUIDE = [
  "ipam.mode (absent: cluster-pool): kept",
  "cluster.name and cluster.id (absent: default, 0): kept",
  "cluster.id: a cluster with this id can never be meshed",
];
const OF_EVERY_IMPORT =
  /: absent in the values, and set by the program; agents and operators restart once$/;
const HOST_DNS = /^talos\.hostLegacyRouting: pods may get no answer from Talos' host DNS/;

function read(folder: string, file: string): Fixture {
  const fixture = parse(readFileSync(join(FIXTURES, folder, file), "utf8")) as Fixture & {
    values?: Tree;
    manifests?: readonly Tree[];
  };
  const { values, manifests = [] } = fixture;
  return values === undefined
    ? fixture
    : { ...fixture, files: { "values.yaml": values, "manifests.yaml": manifests } };
}

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  return [content]
    .flat()
    .map((document) => stringify(document))
    .join("---\n");
}

/** Imports the files of a fixture, and reads what comes out as a stack. */
function run({ files, folder = false, set = {} }: Fixture, filledIn: Tree) {
  const names = folder ? Object.keys(files).sort() : Object.keys(files);
  const given = names.map(
    (path): SourceFile => ({
      path,
      text: textOf(files[path]),
      ...(folder && { folder: "folder" }),
    }),
  );
  const { values, manifests, settings: found, ...sources } = readSources(given);
  const filled = Object.entries({ ...filledIn, ...set }).filter(([, value]) => value !== null);
  const imported =
    values === undefined
      ? { config: {}, missing: [], changes: [] }
      : importValues(values, [...manifests.keys()], {
          settings: Object.fromEntries(filled),
          found,
          files: manifests,
        });
  const config: Record<string, unknown> = imported.config;
  return {
    config,
    asks: [...sources.missing, ...imported.missing].map(({ path, why }) => `${path}: ${why}`),
    says: [...sources.changes, ...imported.changes].map(({ what, why }) => `${what}: ${why}`),
    warns: () =>
      warningsOf(readSettings({ getObject: (key) => config[key] }, Object.keys(config))).map(
        describeProblem,
      ),
  };
}

/** Each line has one expectation, and the other way round. */
function assertLines(lines: readonly string[], expected: readonly string[]): void {
  const unexpected = lines.filter((line) => !expected.some((part) => line.includes(part)));
  const unsaid = expected.filter((part) => !lines.some((line) => line.includes(part)));
  assert.deepEqual({ unexpected, unsaid }, { unexpected: [], unsaid: [] });
}

function assertFixture(fixture: Fixture, filledIn: Tree, always: readonly string[] = []): void {
  const { config, asks, says, warns } = run(fixture, filledIn);
  const isOrdinary = (line: string) =>
    OF_EVERY_IMPORT.test(line) || always.some((part) => line.includes(part));
  assertLines(asks, fixture.asks ?? []);
  assertLines(
    says.filter((line) => !isOrdinary(line)),
    fixture.says ?? [],
  );
  for (const [path, value] of Object.entries(fixture.stack ?? {})) {
    assert.deepEqual(valueAt(config, path), value ?? undefined, path);
  }
  if (fixture.asks !== undefined) return;
  const expected = fixture.warns ?? [];
  const isKnown = (line: string) =>
    isOrdinary(line) || (HOST_DNS.test(line) && !expected.some((part) => line.includes(part)));
  assertLines(
    warns().filter((line) => !isKnown(line)),
    expected,
  );
}

describe("files as people have them", () => {
  for (const file of readdirSync(join(FIXTURES, "field"))) {
    it(basename(file, ".yaml"), () => assertFixture(read("field", file), FILLED_IN));
  }
});

describe("configurations of the documentation of Cilium and Talos", () => {
  const files = readdirSync(join(FIXTURES, "guides"));
  for (const file of files) {
    it(basename(file, ".yaml"), () =>
      assertFixture(read("guides", file), FILLED_IN_GUIDES, OF_EVERY_GUIDE),
    );
  }

  it("are of each page that a reader comes from, with its address", () => {
    const pages = new Set(files.map((file) => read("guides", file).source ?? file));
    assert.deepEqual([...pages].sort(), [
      "https://docs.cilium.io/en/stable/installation/k8s-install-helm/",
      "https://docs.cilium.io/en/stable/network/bgp-control-plane/bgp-control-plane-configuration/",
      "https://docs.cilium.io/en/stable/network/kubernetes/kubeproxy-free/",
      "https://docs.cilium.io/en/stable/network/l2-announcements/",
      "https://docs.cilium.io/en/stable/network/lb-ipam/",
      "https://docs.cilium.io/en/stable/network/servicemesh/gateway-api/gateway-api/",
      "https://docs.cilium.io/en/stable/network/servicemesh/gateway-api/host-network-mode/",
      "https://docs.siderolabs.com/kubernetes-guides/cni/deploying-cilium",
    ]);
  });
});
