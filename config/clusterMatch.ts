import { omitBy } from "es-toolkit/object/omitBy";
import { isNil } from "es-toolkit/predicate/isNil";
import { cidrRange, contains, overlaps, single } from "./addresses";
import { nodeClaims, podClaims } from "./addressPlan";
import type { Problem } from "./configError";
import { CILIUM_CRDS } from "./derived/ownCrds";
import { type Installed, installedBySettings, type ReleaseName } from "./installed";
import { type JudgedChanges, judgeChanges } from "./liveChanges";
import { problemIf } from "./rules/rule";
import type { Settings } from "./schema";
import type { ChangeName } from "./schema/changes";
import { firstOf } from "./text";

/** A CRD that a cluster has. */
export interface ObservedCrd {
  /** Full name, e.g. tcproutes.gateway.networking.k8s.io. */
  readonly name: string;
  readonly kind: string;
  readonly group: string;
  readonly plural: string;
  /** A version that is served. */
  readonly version: string;
}

/** What tells one cluster from another, and what is installed in it. */
export interface ObservedCluster {
  /** UID of the namespace kube-system: made with the cluster, never changed. */
  readonly uid: string;
  readonly nodes: readonly {
    readonly name: string;
    /** Internal and external ones. */
    readonly addresses: readonly string[];
    readonly podCidrs: readonly string[];
  }[];
  /** What the ConfigMap cilium-config says; undefined where there is none. */
  readonly cilium: Installed | undefined;
  /** Whether Helm has a record of a release "cilium" in kube-system. */
  readonly release: boolean;
  /** Version of the chart in that record. */
  readonly version?: string | undefined;
  /** The release that Cilium's objects belong to; undefined where they are not Helm's. */
  readonly owner?: ReleaseName | undefined;
  readonly crds: readonly ObservedCrd[];
  /** Objects of the CRDs that the stack is about to drop, by the CRD's name, each as Kind namespace/name. */
  readonly objects: Readonly<Record<string, readonly string[]>>;
}

/** What the stack's state says of the cluster that it was applied to. */
export interface LastState {
  /** UID of the cluster that the last complete update was made to; undefined before the first one. */
  readonly uid: string | undefined;
  /** The cluster that the last update began with, complete or not. */
  readonly attempt: { readonly uid: string; readonly madeAnew: boolean } | undefined;
  /** What the Release installed; undefined where the state has none. */
  readonly release: Installed | undefined;
  /** Names of the CRDs of the Gateway API in the state. */
  readonly crds: readonly string[];
  /** Names of the pools in the state. */
  readonly pools: readonly string[];
  /** Whether the engine forgets what it replaces, instead of deleting it. */
  readonly retained: boolean;
}

/** Whether the stack may be applied to a cluster. */
export interface ClusterMatch {
  /** Why it may not; none when it may. */
  readonly problems: readonly Problem[];
  /** What it costs. */
  readonly warnings: readonly Problem[];
  /** Whether the cluster was made anew since the last update, so that everything is to be installed again. */
  readonly madeAnew: boolean;
}

/** What a judgement is made of. */
interface Evidence {
  readonly settings: Settings;
  readonly observed: ObservedCluster;
  readonly last: LastState;
  /** Names of the CRDs of the bundle. */
  readonly bundle: readonly string[];
  readonly madeAnew: boolean;
}

/** A reason not to apply the stack, or what applying it costs. */
interface Reason {
  readonly name: string;
  readonly severity: "error" | "warning";
  /** Whether `cluster.uid` lets it through: it is about which cluster this is. */
  readonly aboutIdentity: boolean;
  check(evidence: Evidence): Problem[];
}

/**
 * Judges whether a cluster is the stack's, and whether an update would take anything away that it holds.
 * @param bundle names of the CRDs that are going to be installed.
 */
export function matchCluster(
  settings: Settings,
  observed: ObservedCluster,
  last: LastState,
  bundle: readonly string[],
): ClusterMatch {
  const madeAnew = isMadeAnew(observed, last);
  const evidence = { settings, observed, last, bundle, madeAnew };
  const found = (severity: Reason["severity"]) =>
    REASONS.filter((reason) => reason.severity === severity)
      .filter(({ aboutIdentity }) => !(aboutIdentity && isNamed(evidence)))
      .flatMap((reason) => reason.check(evidence));
  const changes = changesOf(evidence);
  return {
    problems: [...found("error"), ...changes.problems],
    warnings: [...found("warning"), ...changes.warnings],
    madeAnew,
  };
}

/** The judgement without a look at the cluster, by the last state alone. */
export function matchLastState(
  settings: Settings,
  last: LastState,
  bundle: readonly string[],
): JudgedChanges {
  const { allowChanges } = settings.cilium;
  const changes = judgeChanges(last.release ?? {}, installedBySettings(settings), allowChanges);
  return {
    problems: [...unnamedCrds(settings, last, bundle), ...changes.problems],
    warnings: changes.warnings,
  };
}

/** What the update would change of what is installed; which cluster this is, the reasons judge. */
function changesOf(evidence: Evidence): JudgedChanges {
  const { settings, observed, last, madeAnew } = evidence;
  if (madeAnew) return { problems: [], warnings: [] };
  const { cilium, version, owner } = observed;
  // What the cluster itself tells goes before what the state remembers of it.
  const installed = {
    ...(isOther(evidence) ? undefined : last.release),
    ...omitBy({ ...cilium, version, release: owner }, isNil),
  };
  return judgeChanges(
    {
      ...installed,
      ...(isKnown(evidence) && { nodesOutside: podCidrsOutside(evidence) }),
    },
    installedBySettings(settings),
    settings.cilium.allowChanges,
    foreignChanges(evidence),
  );
}

/** Whether it is the cluster that `cluster.uid` names. */
function isNamed({ settings, observed }: Evidence): boolean {
  return settings.cluster.uid === observed.uid;
}

/** Whether it is beyond doubt which cluster it is. */
function isKnown(evidence: Evidence): boolean {
  return isLast(evidence) || isNamed(evidence);
}

/** Whether the last update was made to another cluster, so that the state tells nothing of this one. */
function isOther(evidence: Evidence): boolean {
  return evidence.last.uid !== undefined && !isLast(evidence);
}

/** Changes that tell of another cluster, and are refused as that. */
function foreignChanges(evidence: Evidence): ChangeName[] {
  return isKnown(evidence)
    ? []
    : foreignNames(evidence).map(({ key }) => `cluster.${key}` as const);
}

/** CRDs in the state that the bundle no longer has. */
export function droppedCrds(last: LastState, bundle: readonly string[]): string[] {
  return last.crds.filter((name) => !bundle.includes(name));
}

/** Those of them that `gatewayApi.removeCrds` does not name; this needs no look at the cluster. */
function unnamedCrds(
  { gatewayApi }: Settings,
  last: LastState,
  bundle: readonly string[],
): Problem[] {
  const dropped = droppedCrds(last, bundle);
  const asked = gatewayApi.removeCrds;
  const key = `gatewayApi.removeCrds: ${JSON.stringify([...new Set([...asked, ...dropped])])}`;
  return problemIf(!dropped.every((name) => asked.includes(name)), {
    path: "gatewayApi.removeCrds",
    wrong: `the stack no longer has CRDs that it installed (${dropped.join(", ")}; ${versionOf(gatewayApi)})`,
    fix: `to have them removed once they hold no objects, set ${gatewayApi.enabled ? key : `gatewayApi.enabled: false and ${key}`}`,
  });
}

function versionOf({ enabled, version, channel }: Settings["gatewayApi"]): string {
  return enabled ? `${version}, ${channel}` : "gatewayApi is off";
}

/** Empty, or half installed by an update that began when it was empty. */
function isMadeAnew(observed: ObservedCluster, { uid, attempt }: LastState): boolean {
  if (uid === undefined || uid === observed.uid) return false;
  const resumed = attempt?.uid === observed.uid && attempt.madeAnew;
  return resumed || isEmpty(observed);
}

function isEmpty({ cilium, release, crds }: ObservedCluster): boolean {
  return cilium === undefined && !release && !hasCiliumCrds(crds) && !hasGatewayApi(crds);
}

/** They tell of a Cilium in another namespace, too. */
function hasCiliumCrds(crds: readonly ObservedCrd[]): boolean {
  return crds.some(({ name }) => CILIUM_CRDS.includes(name));
}

function hasGatewayApi(crds: readonly ObservedCrd[]): boolean {
  return crds.some(({ group }) => group.startsWith("gateway.networking."));
}

/** Whether it is the cluster of the last update, whatever it is called now. */
function isLast({ observed: { uid }, last }: Evidence): boolean {
  return uid === last.uid || uid === last.attempt?.uid;
}

/** How to let through a cluster that looks like another one. */
function unless({ observed: { uid } }: Evidence): string {
  return `correct cluster.kubeconfig, cluster.context or KUBECONFIG; if this cluster is meant all the same, set cluster.uid: ${uid}`;
}

const namedCluster: Reason = {
  name: "named-cluster",
  severity: "error",
  aboutIdentity: false,
  check: ({ settings: { cluster }, observed }) =>
    problemIf(cluster.uid !== undefined && cluster.uid !== observed.uid, {
      path: "cluster.uid",
      wrong: `the kubeconfig leads to another cluster (${observed.uid}, not ${cluster.uid})`,
      fix: "correct cluster.kubeconfig, cluster.context or KUBECONFIG, or leave cluster.uid out",
    }),
};

const sameCluster: Reason = {
  name: "same-cluster",
  severity: "error",
  aboutIdentity: true,
  check: (evidence) => {
    const { observed, last, madeAnew } = evidence;
    return problemIf(last.uid !== undefined && !isLast(evidence) && !madeAnew, {
      path: "cluster",
      wrong: `the kubeconfig leads to another cluster than the last update did, with ${contentsOf(observed)} in it (UID of kube-system: ${observed.uid}, last time ${last.uid})`,
      fix: unless(evidence),
    });
  },
};

const knownNodes: Reason = {
  name: "known-nodes",
  severity: "error",
  aboutIdentity: true,
  check: (evidence) => (isLast(evidence) ? [] : foreignNodes(evidence)),
};

/** On a cluster that is the last update's beyond doubt, it is a node that the stack was not told of. */
const newNodes: Reason = {
  name: "new-nodes",
  severity: "warning",
  aboutIdentity: false,
  check: (evidence) => (isLast(evidence) ? foreignNodes(evidence) : []),
};

function foreignNodes(evidence: Evidence): Problem[] {
  const { settings, observed } = evidence;
  const foreign = observed.nodes.filter((node) => hasAddress(node) && !isKnownNode(settings, node));
  const seen = foreign.map(({ name, addresses }) => `${name}: ${addresses.join(", ")}`);
  const asked = nodeClaims(settings).map(({ text }) => text);
  return problemIf(foreign.length > 0, {
    path: "nodes",
    wrong: `the cluster has nodes that the stack does not (${firstOf(seen)}; the stack has ${firstOf(asked)})`,
    fix: `add them to nodes.controlPlanes or nodes.workers if they are its own; else ${unless(evidence)}`,
  });
}

/** A cluster that was made anew is recognised by its nodes, so it must have some. */
const nodesJoined: Reason = {
  name: "nodes-joined",
  severity: "error",
  aboutIdentity: true,
  check: (evidence) => {
    const { settings, observed, madeAnew } = evidence;
    return problemIf(madeAnew && !observed.nodes.some((node) => isKnownNode(settings, node)), {
      path: "nodes",
      wrong: `the cluster is another one than last time, and has none of the stack's nodes (UID of kube-system: ${observed.uid})`,
      fix: `wait until a node has joined, if it was made anew; else ${unless(evidence)}`,
    });
  },
};

/** One that has no address yet is nobody's. */
function hasAddress({ addresses }: ObservedCluster["nodes"][number]): boolean {
  return addresses.length > 0;
}

function isKnownNode(settings: Settings, node: ObservedCluster["nodes"][number]): boolean {
  return nodeClaims(settings).some(({ range }) =>
    node.addresses.some((address) => overlaps(range, single(address))),
  );
}

const installedName: Reason = {
  name: "installed-name",
  severity: "error",
  aboutIdentity: true,
  check: (evidence) =>
    isLast(evidence)
      ? []
      : foreignNames(evidence).map(({ key, asked, seen }) => ({
          path: `cluster.${key}`,
          wrong: `Cilium is installed there with another ${key} (${seen}, and the stack has ${asked})`,
          fix: unless(evidence),
        })),
};

/** Name and id of the installed Cilium, as far as neither the stack nor its state has them. */
function foreignNames({ settings: { cluster }, observed: { cilium }, last }: Evidence) {
  return (["name", "id"] as const).flatMap((key) => {
    const [asked, seen] = [String(cluster[key]), cilium?.[key]];
    const isForeign = seen !== undefined && seen !== asked && seen !== last.release?.[key];
    return isForeign ? [{ key, asked, seen }] : [];
  });
}

const podCidrsOfNodes: Reason = {
  name: "pod-cidrs-of-nodes",
  severity: "error",
  aboutIdentity: true,
  check: (evidence) => {
    const outside = isLast(evidence) ? [] : podCidrsOutside(evidence);
    return problemIf(outside.length > 0, {
      path: "network.podCidrs",
      wrong: `nodes have pod CIDRs outside of them (${firstOf(outside)}; the stack has ${evidence.settings.network.podCidrs.join(", ")})`,
      fix: `write the cluster's own, cluster.network.podSubnets in Talos; else ${unless(evidence)}`,
    });
  },
};

/** Pod CIDRs of nodes that the stack's do not contain, each with its node. */
function podCidrsOutside({ settings, observed }: Evidence): string[] {
  const claims = podClaims(settings);
  return observed.nodes.flatMap(({ name, podCidrs }) =>
    podCidrs
      .filter((cidr) => !claims.some(({ range }) => contains(range, cidrRange(cidr))))
      .map((cidr) => `${name}: ${cidr}`),
  );
}

/** What the engine takes for installed it does not install; and it cannot update what is not there. */
const installedStill: Reason = {
  name: "installed-still",
  severity: "error",
  aboutIdentity: false,
  check: ({ observed, last, bundle, madeAnew }) => {
    if (madeAnew && last.retained) return [];
    // Helm's record alone may be somewhere else than in a Secret (HELM_DRIVER).
    const isInstalled = observed.release || observed.cilium !== undefined;
    const there = observed.crds.map(({ name }) => name);
    const lost = [
      ...(last.release !== undefined && !isInstalled ? ["the Release cilium"] : []),
      ...last.crds.filter((name) => bundle.includes(name) && !there.includes(name)),
    ];
    return problemIf(lost.length > 0, {
      path: "cluster",
      wrong: `the stack's state has what the cluster has not (${firstOf(lost, 3)})`,
      fix: "install it again: pulumi refresh, then pulumi up",
    });
  },
};

const droppedKinds: Reason = {
  name: "dropped-kinds",
  severity: "error",
  aboutIdentity: false,
  check: ({ settings, observed, last, bundle }) => {
    const { gatewayApi } = settings;
    const inUse = droppedCrds(last, bundle).flatMap((name) => observed.objects[name] ?? []);
    if (inUse.length === 0) return unnamedCrds(settings, last, bundle);
    return [
      {
        path: "gatewayApi",
        wrong: `objects would be deleted with their kinds, which the stack no longer has (${firstOf(inUse)}; ${versionOf(gatewayApi)})`,
        fix: `save and delete them first, or keep ${gatewayApi.enabled ? "the version and the channel that have their kinds" : "gatewayApi on"}`,
      },
    ];
  },
};

/** A CRD that is to be installed is not to be removed. */
const removedKinds: Reason = {
  name: "removed-kinds",
  severity: "error",
  aboutIdentity: false,
  check: ({ settings: { gatewayApi }, bundle }) => {
    const wanted = gatewayApi.removeCrds.filter((name) => bundle.includes(name));
    return problemIf(wanted.length > 0, {
      path: "gatewayApi.removeCrds",
      wrong: `the bundle has these CRDs (${wanted.join(", ")}; ${gatewayApi.version}, ${gatewayApi.channel})`,
      fix: "leave them out",
    });
  },
};

const REASONS: readonly Reason[] = [
  namedCluster,
  sameCluster,
  knownNodes,
  nodesJoined,
  installedName,
  podCidrsOfNodes,
  installedStill,
  droppedKinds,
  removedKinds,
  newNodes,
];

function contentsOf({ cilium, release, crds }: ObservedCluster): string {
  const contents = [
    ...(cilium === undefined ? [] : [`Cilium (cluster.name ${cilium.name ?? "unknown"})`]),
    ...(cilium === undefined && hasCiliumCrds(crds) ? ["Cilium's CRDs"] : []),
    ...(release ? ["a Helm release"] : []),
    ...(hasGatewayApi(crds) ? ["the Gateway API"] : []),
  ];
  return contents.join(", ") || "nothing of this stack's";
}
