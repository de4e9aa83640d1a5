import { isDeepStrictEqual } from "node:util";
import { isPlainObject } from "es-toolkit/predicate/isPlainObject";
import { VIRTUAL_IP_OBJECTS, valueAt } from "../config";
import type { Dropped, Missing } from "./importReport";
import { type Policy, type Pool, policyOf, policyReport, poolsOf } from "./poolsAndPolicies";
import type { Tree } from "./tree";

/** Names of the files that manifests came from, which some are known by: vip-pool.yaml. */
export type Files = ReadonlyMap<object, string>;

/** What manifests say, in the form of the configuration. */
export interface ImportedManifests {
  /** Elements of loadBalancing.pools. */
  readonly pools: readonly Pool[];
  /** Elements of loadBalancing.policies. */
  readonly policies: readonly Policy[];
  /** Manifests that are not carried over, and why. */
  readonly dropped: readonly Dropped[];
  /** What to write by hand. */
  readonly missing: readonly Missing[];
}

const POOL = "CiliumLoadBalancerIPPool";
const POLICY = "CiliumL2AnnouncementPolicy";

/** Reads pools and policies out of the manifests of a kustomize directory. */
export function importManifests(
  manifests: readonly object[],
  files: Files = new Map(),
): ImportedManifests {
  const all = manifests.map((manifest) => read(manifest as Tree, files));
  const rejected = all.filter(({ why }) => why !== undefined);
  const kept = all.filter(({ why }) => why === undefined);

  const pools = kept
    .filter(({ kind }) => kind === POOL)
    .map(({ manifest, what }) => poolsOf(manifest, what));
  const policies = kept
    .filter(({ kind }) => kind === POLICY)
    .map(({ manifest, what }) => ({ ...policyOf(manifest), what }))
    // Of two that announce the same Services, the one that does announce them stays.
    .sort((a, b) => Number(b.announces) - Number(a.announces));
  const twin = (index: number) =>
    policies
      .slice(0, index)
      .find(({ policy }) => isSameServices(policy, policies[index]?.policy ?? {}));
  const single = policies.filter((_, index) => twin(index) === undefined);

  return {
    pools: pools.flatMap(({ pools: some }) => some),
    policies: single.map(({ policy }) => policy),
    dropped: [
      ...rejected.map(({ what, why = "" }) => ({ what, why })),
      ...pools.flatMap(({ dropped }) => dropped),
      ...policies.flatMap(({ what }, index) => {
        const other = twin(index)?.what;
        return other === undefined
          ? []
          : [{ what, why: `${other} announces the same Services, ${FLAPS}` }];
      }),
      ...single.flatMap(policyReport),
    ],
    missing: all.some(({ kind }) => kind.startsWith("CiliumBGP")) ? [BGP] : [],
  };
}

const FLAPS = "and with two policies for one Service its address flaps between nodes";

const BGP: Missing = {
  path: "bgp.peers",
  why: "there are manifests of BGP; write their AS numbers and routers as bgp.localAsn and bgp.peers",
};

/** A manifest, what it is called in a report, and why it is dropped, if it is. */
interface Read {
  readonly manifest: Tree;
  readonly kind: string;
  readonly what: string;
  readonly why?: string;
}

function read(manifest: Tree, files: Files): Read {
  const file = files.get(manifest);
  // kubectl takes a kustomization file without a kind.
  const usual = stem(file) === "kustomization" ? "Kustomization" : "object without a kind";
  const kind = typeof manifest.kind === "string" ? manifest.kind : usual;
  const name = String(valueAt(manifest, "metadata.name") ?? "");
  const what = `${kind}${name && ` ${name}`}${file === undefined ? "" : ` (${file})`}`;
  return { manifest, kind, what, why: whyNot(kind, name, stem(file)) };
}

function whyNot(kind: string, name: string, file: string): string | undefined {
  const isVirtual =
    VIRTUAL_IP_OBJECTS.some((known) => known.kind === kind && known.name === name) ||
    (VIRTUAL_IP_OBJECTS.some((known) => known.kind === kind) &&
      VIRTUAL_IP_OBJECTS.some((known) => known.name === file));
  if (isVirtual) {
    return "KubePrism, on every node, balances the control planes; they need no virtual address";
  }
  if (kind === POOL || kind === POLICY) return undefined;
  if (kind === "Kustomization") return "it lists files; give those that have pools and policies";
  if (kind === "CustomResourceDefinition") return "Cilium's operator registers its own";
  if (kind.startsWith("CiliumBGP")) return "the key bgp makes it";
  return "not this program's";
}

/** vip-pool for manifests/vip-pool.yaml. */
function stem(file = ""): string {
  return file.replace(/^.*[\\/]/, "").replace(/\.ya?ml$/, "");
}

function isSameServices(a: Policy, b: Policy): boolean {
  return isDeepStrictEqual(a.serviceSelector, b.serviceSelector);
}

/** The manifests in a document: a List has several. */
export function manifestsIn(document: object): object[] {
  const { kind, items } = document as Tree;
  return kind === "List" && Array.isArray(items) ? items.filter(isPlainObject) : [document];
}
