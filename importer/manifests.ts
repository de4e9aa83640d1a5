import { isDeepStrictEqual } from "node:util";
import { isPlainObject } from "es-toolkit/predicate/isPlainObject";
import { VIRTUAL_IP_OBJECTS, valueAt } from "../config";
import type { Dropped, Missing } from "./importReport";
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
  readonly dropped: readonly Dropped[];
  readonly missing: readonly Missing[];
}

const POOL = "CiliumLoadBalancerIPPool";
const POLICY = "CiliumL2AnnouncementPolicy";

const BGP_MISSING: Missing = {
  path: "bgp.peers",
  why: "there are BGP manifests; write their AS numbers and routers as bgp.localAsn and bgp.peers",
};

/** Reads pools and policies from the manifests of a kustomize directory. */
export function importManifests(
  manifests: readonly object[],
  files: Files = new Map(),
): ImportedManifests {
  const all = manifests.map((manifest) => identify(manifest as Tree, files));
  const kept = all.filter(({ whyDropped }) => whyDropped === undefined);

  const pools = kept
    .filter(({ kind }) => kind === POOL)
    .map(({ manifest, what }) => readPools(manifest, what));
  const policies = kept
    .filter(({ kind }) => kind === POLICY)
    .map(({ manifest, what }) => ({ ...readPolicy(manifest), what }))
    // Of two policies for the same Services, one that announces LoadBalancer addresses is kept.
    .sort((a, b) => Number(b.announces) - Number(a.announces));
  const keptTwin = (index: number) =>
    policies
      .slice(0, index)
      .find(({ policy }) => selectsSameServices(policy, policies[index]?.policy ?? {}));
  const keptPolicies = policies.filter((_, index) => keptTwin(index) === undefined);

  return {
    pools: pools.flatMap(({ pools: some }) => some),
    policies: keptPolicies.map(({ policy }) => policy),
    dropped: [
      ...all.flatMap(({ what, whyDropped: why }) => (why === undefined ? [] : [{ what, why }])),
      ...pools.flatMap(({ dropped }) => dropped),
      ...policies.flatMap(({ what }, index) => {
        const twin = keptTwin(index)?.what;
        const why = `${twin} announces the same Services, and the address of a Service with two policies flaps between nodes`;
        return twin === undefined ? [] : [{ what, why }];
      }),
      ...keptPolicies.flatMap(newAnnouncements),
    ],
    missing: all.some(({ kind }) => kind.startsWith("CiliumBGP")) ? [BGP_MISSING] : [],
  };
}

/** The manifests in a document: a List has several. */
export function manifestsIn(document: object): object[] {
  const { kind, items } = document as Tree;
  return kind === "List" && Array.isArray(items) ? items.filter(isPlainObject) : [document];
}

interface IdentifiedManifest {
  readonly manifest: Tree;
  readonly kind: string;
  /** Kind, name and file, for a report. */
  readonly what: string;
  /** Absent when the manifest is not dropped. */
  readonly whyDropped?: string;
}

function identify(manifest: Tree, files: Files): IdentifiedManifest {
  const file = files.get(manifest);
  // kubectl accepts a kustomization file without a kind.
  const usual = stem(file) === "kustomization" ? "Kustomization" : "object without a kind";
  const kind = typeof manifest.kind === "string" ? manifest.kind : usual;
  const name = String(valueAt(manifest, "metadata.name") ?? "");
  const what = `${kind}${name && ` ${name}`}${file === undefined ? "" : ` (${file})`}`;
  return { manifest, kind, what, whyDropped: reasonToDrop(kind, name, stem(file)) };
}

function reasonToDrop(kind: string, name: string, file: string): string | undefined {
  // The objects often have other names than their files, which keep the usual ones.
  const isVirtualIp = VIRTUAL_IP_OBJECTS.some(
    (known) => known.kind === kind && known.name === name,
  );
  const isInItsFile =
    VIRTUAL_IP_OBJECTS.some((known) => known.kind === kind) &&
    VIRTUAL_IP_OBJECTS.some((known) => known.name === file);
  if (isVirtualIp || isInItsFile) {
    return "KubePrism on every node balances the control planes, which need no virtual IP";
  }
  if (kind === POOL || kind === POLICY) return undefined;
  if (kind === "Kustomization")
    return "it only lists files; pass those that have pools and policies";
  if (kind === "CustomResourceDefinition") return "Cilium's operator registers its own CRDs";
  if (kind.startsWith("CiliumBGP")) return "the program makes it from the key bgp";
  return "the program has no key for this kind";
}

/** vip-pool for manifests/vip-pool.yaml. */
function stem(file = ""): string {
  return file.replace(/^.*[\\/]/, "").replace(/\.ya?ml$/, "");
}

function selectsSameServices(a: Policy, b: Policy): boolean {
  return isDeepStrictEqual(a.serviceSelector, b.serviceSelector);
}
