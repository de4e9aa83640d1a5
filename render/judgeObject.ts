import { isPlainObject } from "es-toolkit/predicate/isPlainObject";
import { harmOfEntry } from "./configEntries";
import type { Judgement } from "./effects";
import { isWithin } from "./fields";
import { IMMUTABLE_FIELDS } from "./immutableFields";
import type { FieldChange, Unjudged } from "./objectChange";
import { AGENT, CONFIG, OPERATOR } from "./objectNames";
import type { StackObject } from "./renderedStack";

/** What a change of an object does, as far as the object alone tells. */
export function judgeObject(change: Unjudged): Judgement[] {
  return [judgePods, judgeConfig, judgeImmutable, judgeCrd, judgeAnnouncer].flatMap((judge) =>
    judge(change),
  );
}

const WORKLOADS = ["DaemonSet.apps", "Deployment.apps", "StatefulSet.apps"];

/** What the restart of other pods means. */
const OTHER_PODS: Readonly<Record<string, Omit<Judgement, "effect" | "paths">>> = {
  "DaemonSet kube-system/cilium-envoy": {
    what: "connections through Envoy (Gateways, Ingresses, L7 policies) break on each node while it restarts there",
    source: "https://docs.cilium.io/en/stable/security/network/proxy/envoy/",
  },
  "Deployment kube-system/hubble-relay": { what: "Hubble shows no flows while it restarts" },
  "Deployment kube-system/hubble-ui": { what: "Hubble's page is away while it restarts" },
  "Deployment kube-system/clustermesh-apiserver": {
    what: "other clusters see no changes of this one while it restarts",
  },
};

/** Workloads restart their pods with each change of the template. */
function judgePods(change: Unjudged): Judgement[] {
  const { object, kind, fields } = change;
  if (kind === "CronJob.batch") return judgeCronJob(change);
  if (!WORKLOADS.includes(kind)) return [];
  const effect =
    object === AGENT
      ? "restarts agents"
      : object === OPERATOR
        ? "restarts the operator"
        : "restarts other pods";
  const noun = object === AGENT ? "agent" : "pod";
  if (change.change !== "changed") {
    const what = change.change === "added" ? `it starts its ${noun}s` : `its ${noun}s end`;
    return [{ effect, what, paths: [] }];
  }
  const template = fields.filter(({ path }) => isWithin(path, "spec.template"));
  if (template.length === 0) return [];
  const why = template.every(({ path }) => /checksum"?$/.test(path))
    ? "its ConfigMap changes"
    : "its template changes";
  const known = OTHER_PODS[object];
  const meaning = known === undefined ? "" : `; ${known.what}`;
  const source =
    object === AGENT
      ? "https://docs.cilium.io/en/stable/operations/upgrade/#upgrade-impact"
      : known?.source;
  const when = rollOf(change.after as StackObject, noun);
  return [
    {
      effect,
      what: `${why}: ${when}${meaning}`,
      ...(source !== undefined && { source }),
      paths: ["spec.template"],
    },
  ];
}

/** How the pods of a workload are replaced. */
function rollOf({ object }: StackObject, noun: string): string {
  const { updateStrategy = {} } = (object.spec ?? {}) as {
    readonly updateStrategy?: {
      readonly type?: string;
      readonly rollingUpdate?: { readonly maxUnavailable?: unknown };
    };
  };
  if (updateStrategy.type === "OnDelete") {
    return `nothing restarts until somebody deletes the ${noun}s (updateStrategy OnDelete)`;
  }
  const most = updateStrategy.rollingUpdate?.maxUnavailable;
  const pace = most === undefined || object.kind !== "DaemonSet" ? "" : `, ${most} at a time`;
  return `every ${noun} restarts${pace}`;
}

function judgeCronJob({ fields }: Unjudged): Judgement[] {
  const paths = ["spec.jobTemplate"];
  const isOther = fields.some(({ path }) => isWithin(path, "spec.jobTemplate"));
  return isOther ? [{ effect: "harmless", what: "its next run has the new template", paths }] : [];
}

/** Page of every entry. */
const ENTRIES = "https://docs.cilium.io/en/stable/cmdref/cilium-agent/";

function judgeConfig({ object, change, fields }: Unjudged): Judgement[] {
  if (object !== CONFIG) return [];
  if (change === "removed") {
    return [
      {
        effect: "interrupts the data path",
        what: "agents and operator do not start without it",
        paths: [],
      },
    ];
  }
  const groups = new Map<string, { source: string; fields: Pick<FieldChange, "path">[] }>();
  for (const field of fields) {
    if (!field.path.startsWith("data.")) continue;
    const harm = harmOfEntry(entryOf(field), field.before, field.after);
    if (harm === "harmless") continue;
    const { what, source } =
      harm === "unknown"
        ? { what: "nobody has judged what such an entry does; look it up", source: ENTRIES }
        : harm;
    const group = groups.get(what) ?? { source, fields: [] };
    group.fields.push(field);
    groups.set(what, group);
  }
  return [...groups].map(([what, group]) => ({
    effect: "interrupts the data path",
    what: `${group.fields.map(entryOf).join(", ")}: ${what}`,
    source: group.source,
    paths: group.fields.map(({ path }) => path),
  }));
}

function entryOf({ path }: Pick<FieldChange, "path">): string {
  return path.replace(/^data\.("?)(.*)\1$/, "$2");
}

/** Fields that the API server refuses to change; hooks are deleted before they are made again. */
function judgeImmutable({ kind, change, fields, before, after }: Unjudged): Judgement[] {
  if (change !== "changed" || before === undefined || after === undefined) return [];
  if (after.hooks.length > 0) return [];
  return IMMUTABLE_FIELDS.filter(
    ({ kinds, holds }) =>
      kinds.includes(kind) && (holds === undefined || holds(before.object, after.object)),
  ).flatMap(({ paths, except = [], source }) => {
    const hit = fields
      .map(({ path }) => path)
      .filter((path) => paths.some((each) => isWithin(path, each)))
      .filter((path) => !except.some((each) => isWithin(path, each)));
    if (hit.length === 0) return [];
    const consequence =
      after.madeBy === "Helm"
        ? "so Helm's upgrade fails; delete the object first, or keep the field"
        : "so the object can only be deleted and made anew";
    return [
      {
        effect: "immutable field",
        what: `${hit.join(", ")}: the API server refuses to change it, ${consequence}`,
        source,
        paths: hit,
      },
    ];
  });
}

interface CrdVersion {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
}

const CRD_SOURCE =
  "https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning/";

function judgeCrd({ kind, change, before, after }: Unjudged): Judgement[] {
  if (kind !== "CustomResourceDefinition.apiextensions.k8s.io" || change === "added") return [];
  if (after === undefined) {
    return [
      {
        effect: "removes CRDs",
        what: "it leaves the stack; once it is deleted, all of its objects are gone",
        source: CRD_SOURCE,
        paths: [],
      },
    ];
  }
  const [old, now] = [crdVersions(before), crdVersions(after)];
  const judgements: Judgement[] = [];
  for (const { name, served } of old) {
    if (!served || now.some((each) => each.name === name && each.served)) continue;
    judgements.push({
      effect: "removes CRDs",
      what: `version ${name} is no longer served: clients and manifests that name it fail`,
      source: CRD_SOURCE,
      // The whole of it where it goes; else its schema may change without harm.
      paths: now.some((each) => each.name === name)
        ? [`spec.versions[${name}].served`]
        : [`spec.versions[${name}]`],
    });
  }
  const [was, is] = [old, now].map((versions) => versions.find(({ storage }) => storage)?.name);
  if (was !== is && was !== undefined) {
    judgements.push({
      effect: "removes CRDs",
      what: `objects are stored as ${is ?? "nothing"}, no longer as ${was}: those that exist have to be written again before ${was} can go`,
      source: CRD_SOURCE,
      paths: [was, is].map((name) => `spec.versions[${name}].storage`),
    });
  }
  return judgements;
}

function crdVersions(crd: StackObject | undefined): readonly CrdVersion[] {
  const { versions } = (crd?.object.spec ?? {}) as { readonly versions?: unknown };
  return Array.isArray(versions) ? (versions.filter(isPlainObject) as unknown as CrdVersion[]) : [];
}

/** Objects by which nodes announce addresses and routes. */
const ANNOUNCERS: Readonly<Record<string, Omit<Judgement, "effect" | "paths">>> = {
  "CiliumL2AnnouncementPolicy.cilium.io": {
    what: "other nodes or none answer for addresses: they move, and clients reach them once they have learnt the new node",
    source: "https://docs.cilium.io/en/stable/network/l2-announcements/",
  },
  "CiliumBGPClusterConfig.cilium.io": {
    what: "sessions with routers end or begin anew, and routes are away meanwhile",
    source:
      "https://docs.cilium.io/en/stable/network/bgp-control-plane/bgp-control-plane-configuration/",
  },
  "CiliumBGPPeerConfig.cilium.io": {
    what: "sessions with routers begin anew, and routes are away meanwhile",
    source:
      "https://docs.cilium.io/en/stable/network/bgp-control-plane/bgp-control-plane-configuration/",
  },
  "CiliumBGPAdvertisement.cilium.io": {
    what: "other routes are advertised",
    source:
      "https://docs.cilium.io/en/stable/network/bgp-control-plane/bgp-control-plane-configuration/",
  },
};

function judgeAnnouncer({ kind, change, fields }: Unjudged): Judgement[] {
  const announcer = Object.hasOwn(ANNOUNCERS, kind) ? ANNOUNCERS[kind] : undefined;
  if (announcer === undefined || change === "added") return [];
  const isSpec = fields.some(({ path }) => isWithin(path, "spec"));
  if (change === "changed" && !isSpec) return [];
  return [{ effect: "interrupts the data path", ...announcer, paths: isSpec ? ["spec"] : [] }];
}
