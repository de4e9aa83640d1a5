import { isDeepStrictEqual } from "node:util";
import { VIRTUAL_IP_OBJECTS, valueAt } from "../config";
import { type BgpManifest, importBgp } from "./bgp";
import type { Change, Missing } from "./importReport";
import {
  newAnnouncements,
  type Policy,
  type Pool,
  readPolicy,
  readPools,
} from "./poolsAndPolicies";
import type { Tree } from "./tree";

/** Names of the files that manifests came from; some manifests are recognized by them: vip-pool.yaml. */
export type Files = ReadonlyMap<object, string>;

/** What manifests say, in the form of the configuration. */
export interface ImportedManifests {
  /** Elements of loadBalancing.pools. */
  readonly pools: readonly Pool[];
  /** Elements of loadBalancing.policies. */
  readonly policies: readonly Policy[];
  /** The key bgp; undefined where the manifests have none. */
  readonly bgp: Tree | undefined;
  readonly changes: readonly Change[];
  readonly missing: readonly Missing[];
}

const POOL = "CiliumLoadBalancerIPPool";
const POLICY = "CiliumL2AnnouncementPolicy";

/** Reads pools, policies and BGP objects from manifests; all others are of no use here. */
export function importManifests(
  manifests: readonly object[],
  files: Files = new Map(),
): ImportedManifests {
  const all = manifests.map((manifest) => identify(manifest as Tree, files));
  const of = (kind: string) => all.filter((each) => each.kind === kind && each.use === "read");
  const bgp = importBgp(all.filter(({ use }) => use === "bgp") as BgpManifest[]);

  const pools = of(POOL).map(({ manifest, what }) => readPools(manifest, what));
  const policies = of(POLICY)
    .map(({ manifest, what }) => ({ ...readPolicy(manifest), what }))
    // Of two policies that differ in nothing, one that announces LoadBalancer addresses is kept.
    .sort((a, b) => Number(b.announces) - Number(a.announces));
  const keptTwin = (index: number) =>
    policies
      .slice(0, index)
      .find(({ policy }) => announcesTheSame(policy, policies[index]?.policy ?? {}));
  const keptPolicies = policies.filter((_, index) => keptTwin(index) === undefined);

  return {
    pools: pools.flatMap(({ pools: some }) => some),
    policies: keptPolicies.map(({ policy }) => policy),
    bgp: bgp.bgp,
    changes: [
      ...all.flatMap(({ what, whyLost: why }) =>
        why === undefined ? [] : [{ harm: "Services and Gateways" as const, what, why }],
      ),
      ...pools.flatMap(({ changes }) => changes),
      ...policies.flatMap(({ what }, index) => {
        const twin = keptTwin(index)?.what;
        return twin === undefined
          ? []
          : [
              {
                harm: "Services and Gateways" as const,
                what,
                why: `not carried over: ${twin} announces the same Services from the same nodes`,
              },
            ];
      }),
      ...keptPolicies.flatMap(newAnnouncements),
      ...bgp.changes,
      ...unusedOf(all),
    ],
    missing: bgp.missing,
  };
}

/** One line for all manifests that the program has no use for: a whole folder has many. */
function unusedOf(all: readonly IdentifiedManifest[]): Change[] {
  const unused = all.filter(({ use }) => use === "unused").map(({ what }) => what);
  return unused.length === 0
    ? []
    : [
        {
          harm: "other",
          what: unused.join(", "),
          why: "the program has no key for these; keep them where they are",
        },
      ];
}

/** Whether two policies announce the same Services from nodes of one selector; their interfaces may differ. */
function announcesTheSame(a: Policy, b: Policy): boolean {
  return (
    isDeepStrictEqual(a.serviceSelector, b.serviceSelector) &&
    isDeepStrictEqual(a.nodeSelector, b.nodeSelector)
  );
}

interface IdentifiedManifest {
  readonly manifest: Tree;
  readonly kind: string;
  /** Kind, name and file, for a report. */
  readonly what: string;
  readonly use: "read" | "bgp" | "lost" | "unused" | "harmless";
  /** Only of what is lost. */
  readonly whyLost?: string;
}

function identify(manifest: Tree, files: Files): IdentifiedManifest {
  const file = files.get(manifest);
  // kubectl accepts a kustomization file without a kind.
  const usual = stem(file) === "kustomization" ? "Kustomization" : "object without a kind";
  const kind = typeof manifest.kind === "string" ? manifest.kind : usual;
  const name = String(valueAt(manifest, "metadata.name") ?? "");
  const what = `${kind}${name && ` ${name}`}${file === undefined ? "" : ` (${file})`}`;
  const identified = { manifest, kind, what };
  if (isVirtualIp(kind, name, stem(file))) {
    return {
      ...identified,
      use: "lost",
      whyLost:
        "not carried over: KubePrism on every node balances the control planes, which need no virtual IP",
    };
  }
  if (kind === POOL || kind === POLICY) return { ...identified, use: "read" };
  if (kind.startsWith("CiliumBGP")) return { ...identified, use: "bgp" };
  // It lists files; Cilium's operator registers its own CRDs.
  const isHarmless =
    kind === "Kustomization" || (kind === "CustomResourceDefinition" && /\.cilium\.io$/.test(name));
  return { ...identified, use: isHarmless ? "harmless" : "unused" };
}

function isVirtualIp(kind: string, name: string, file: string): boolean {
  const ofKind = VIRTUAL_IP_OBJECTS.filter((known) => known.kind === kind);
  // The objects often have other names than their files, which keep the usual ones.
  return (
    ofKind.some((known) => known.name === name) ||
    (ofKind.length > 0 && VIRTUAL_IP_OBJECTS.some((known) => known.name === file))
  );
}

/** vip-pool for manifests/vip-pool.yaml. */
function stem(file = ""): string {
  return file.replace(/^.*[\\/]/, "").replace(/\.ya?ml$/, "");
}
