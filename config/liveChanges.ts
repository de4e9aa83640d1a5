import semver from "semver";
import type { Problem } from "./configError";
import type { Installed, ReleaseName } from "./installed";
import { CHANGES, type ChangeName } from "./schema/changes";
import { firstOf } from "./text";

/** A difference between what is installed and what an update would install. */
interface Difference {
  /** Key in the stack file; default: the name of the change. */
  readonly path?: string;
  readonly before: string;
  readonly after: string;
  /** How to avoid it, where that is not to write the old value again. */
  readonly fix?: string;
}

/** What must not change in a live cluster by accident. */
interface LiveChange {
  readonly name: ChangeName;
  /** What the change does, and how that is known. */
  readonly effect: string;
  find(installed: Installed, wanted: Installed): Difference[];
}

/** Problems of an update, and what it costs where `cilium.allowChanges` lets it through. */
export interface JudgedChanges {
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/**
 * Judges what an update would change of what is installed.
 * @param skipped changes that another judgement is about.
 */
export function judgeChanges(
  installed: Installed,
  wanted: Installed,
  allowed: readonly ChangeName[],
  skipped: readonly ChangeName[] = [],
): JudgedChanges {
  const found = LIVE_CHANGES.filter(({ name }) => !skipped.includes(name)).flatMap((change) =>
    change.find(installed, wanted).map((difference) => ({ change, difference })),
  );
  const names = found.map(({ change }) => change.name);
  const unused = allowed.filter((name) => !names.includes(name) && !skipped.includes(name));
  return {
    problems: found
      .filter(({ change }) => !allowed.includes(change.name))
      .map(({ change, difference }) => ({
        path: difference.path ?? change.name,
        wrong: `it would change in a live cluster (${difference.before} is installed, ${difference.after} in the stack), and ${change.effect}`,
        fix: `${difference.fix ?? `write ${difference.before} again`}, or, if the change is meant, ${howToAllow(change.name, allowed)}`,
      })),
    warnings: [
      ...found
        .filter(({ change }) => allowed.includes(change.name))
        .map(({ change, difference }) => ({
          path: difference.path ?? change.name,
          wrong: `it changes in a live cluster (${difference.before} is installed, ${difference.after} in the stack), as cilium.allowChanges says`,
          fix: `expect that ${change.effect}`,
        })),
      // Left in the stack file, it would let the next change through that nobody means.
      ...(isInstalled(installed) ? unused : []).map((name) => ({
        path: "cilium.allowChanges",
        wrong: `it allows a change that this update does not make (${name})`,
        fix: "leave it out, so that the change is refused again",
      })),
    ],
  };
}

/** The key that lets a change through, beside those that are allowed already. */
function howToAllow(name: ChangeName, allowed: readonly ChangeName[]): string {
  const names = CHANGES.filter((each) => each === name || allowed.includes(each));
  return `set cilium.allowChanges: ${JSON.stringify(names)}`;
}

const release: LiveChange = {
  name: "release",
  effect:
    "Helm refuses objects of another release, so that the update fails half-way, or a second Cilium runs beside the first (https://helm.sh/docs/faq/changes_since_helm2/, release names are scoped to the namespace)",
  find: (installed, wanted) =>
    differs(placeOf(installed.release), placeOf(wanted.release)).map((difference) => ({
      ...difference,
      fix: "keep the release that is installed: its name is CILIUM_RELEASE in config/installed.ts, and helm list --all-namespaces shows it",
    })),
};

const clusterName: LiveChange = {
  name: "cluster.name",
  effect:
    "every agent restarts, one node at a time, and every pod gets a new identity, as the name is one of its labels (https://docs.cilium.io/en/stable/internals/security-identities/)",
  find: (installed, wanted) => differs(installed.name, wanted.name),
};

const clusterId: LiveChange = {
  name: "cluster.id",
  effect:
    "every workload has to restart, as the id is a part of the number of each pod's identity (https://docs.cilium.io/en/stable/internals/security-identities/)",
  find: (installed, wanted) => differs(installed.id, wanted.id),
};

const podCidrs: LiveChange = {
  name: "network.podCidrs",
  effect:
    "pods keep addresses that the rest of the cluster no longer routes: Kubernetes never moves a node to another pod CIDR, and Cilium's documentation says to add CIDRs and to change none, nor a mask size (https://docs.cilium.io/en/stable/network/concepts/ipam/cluster-pool/)",
  find: (installed, wanted) => [
    ...cidrDifferences(installed, wanted),
    ...poolDifferences(installed, wanted),
  ],
};

function cidrDifferences({ nodesOutside = [], podCidrs: before }: Installed, wanted: Installed) {
  const after = wanted.podCidrs ?? [];
  if (nodesOutside.length === 0) return shrinks(before, after);
  const fix = "write the cluster's own, cluster.network.podSubnets in Talos";
  return [{ before: firstOf(nodesOutside), after: after.join(", "), fix }];
}

function poolDifferences(installed: Installed, wanted: Installed): Difference[] {
  // Another mode has other pools, and is a change of its own.
  if (installed.ipam !== wanted.ipam) return [];
  return (installed.clusterPools ?? []).flatMap(({ family, cidrs, maskSize }) => {
    const pool = wanted.clusterPools?.find((each) => each.family === family);
    const path = `cilium.values.ipam.operator.clusterPool${family}`;
    return [
      ...shrinks(cidrs, pool?.cidrs ?? []).map((each) => ({ ...each, path: `${path}PodCIDRList` })),
      ...differs(maskSize, pool?.maskSize).map((each) => ({ ...each, path: `${path}MaskSize` })),
    ];
  });
}

const ipamMode: LiveChange = {
  name: "ipam.mode",
  effect:
    "pods may lose their connections for good: Cilium's documentation says not to change the mode of a cluster that exists (https://docs.cilium.io/en/stable/network/concepts/ipam/)",
  find: (installed, wanted) =>
    differs(installed.ipam, wanted.ipam).map((each) => ({
      ...each,
      path: "cilium.values.ipam.mode",
    })),
};

const ciliumVersion: LiveChange = {
  name: "cilium.version",
  effect:
    "the only tested way up or down is from one minor version to the next (https://docs.cilium.io/en/stable/operations/upgrade/)",
  find: (installed, wanted) => {
    const [before, after] = [semver.parse(installed.version), semver.parse(wanted.version)];
    if (before === null || after === null) return [];
    if (before.major === after.major && Math.abs(after.minor - before.minor) <= 1) return [];
    const next = `${before.major}.${before.minor + after.compareMain(before)}`;
    const first = before.major === after.major ? next : "the version beside it";
    return [
      { before: before.version, after: after.version, fix: `go to ${first} first, with pulumi up` },
    ];
  },
};

/** In the order of the reports. What else an upgrade must not do finds its place here. */
const LIVE_CHANGES: readonly LiveChange[] = [
  release,
  clusterName,
  clusterId,
  podCidrs,
  ipamMode,
  ciliumVersion,
];

function placeOf(release: ReleaseName | undefined): string | undefined {
  return release && `${release.namespace}/${release.name}`;
}

/** A difference, where both are known. */
function differs(before: string | undefined, after: string | undefined): Difference[] {
  return before === undefined || after === undefined || before === after ? [] : [{ before, after }];
}

/** A difference where a list no longer has one of its items. */
function shrinks(
  before: readonly string[] | undefined,
  after: readonly string[] | undefined,
): Difference[] {
  if (before === undefined || after === undefined) return [];
  if (before.every((item) => after.includes(item))) return [];
  return [{ before: before.join(", "), after: after.join(", ") || "none" }];
}

/** Whether it tells of anything. */
function isInstalled(installed: Installed): boolean {
  return Object.values(installed).some((value) => value !== undefined);
}
