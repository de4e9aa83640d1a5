import { sortBy } from "es-toolkit/array/sortBy";
import { compareObjects } from "./compareObjects";
import { EFFECTS, type Effect, type Finding } from "./effects";
import { judgeVersions } from "./judgeVersions";
import type { ObjectChange } from "./objectChange";
import type { RenderedStack } from "./renderedStack";

/** What changes in a stack between two commits. */
export interface Comparison {
  readonly stack: string;
  readonly changes: readonly ObjectChange[];
  /** Objects in which nothing changed but labels and annotations that name a version. */
  readonly onlyVersionLabels: readonly string[];
  /** The most harmful first; harmless ones only where there is something to say of them. */
  readonly findings: readonly Finding[];
}

/**
 * @param before undefined where the stack did not exist: all of it is added.
 * @param after undefined where the stack is gone: all of it is removed.
 */
export function compareStacks(
  stack: string,
  before: RenderedStack | undefined,
  after: RenderedStack | undefined,
): Comparison {
  const all = compareObjects(before?.objects ?? [], after?.objects ?? []);
  const isFolded = ({ change, fields }: ObjectChange) =>
    change === "changed" && fields.every(({ path }) => VERSION_LABELS.has(path));
  const changes = all.filter((change) => !isFolded(change));
  const findings: Finding[] = changes.flatMap(({ object, judgements }) =>
    judgements.map(({ effect, what, source }) => ({
      effect,
      object,
      what,
      ...(source !== undefined && { source }),
    })),
  );
  if (before !== undefined && after !== undefined) {
    findings.push(...judgeVersions(before.versions, after.versions));
  }
  return {
    stack,
    changes,
    onlyVersionLabels: all.filter(isFolded).map(({ object }) => object),
    findings: sortBy(findings, [({ effect }) => EFFECTS.indexOf(effect), "object", "what"]),
  };
}

/** Whether no object changes. */
export function isEmpty({ changes, onlyVersionLabels }: Comparison): boolean {
  return changes.length === 0 && onlyVersionLabels.length === 0;
}

/** Those of the effects that a change has, the most harmful first. */
export function effectsOf({ changes, findings }: Comparison): Effect[] {
  const found = [...findings, ...changes].map(({ effect }) => effect);
  return EFFECTS.filter((effect) => found.includes(effect));
}

/** Fields that change on every object with a version, and that nothing acts on. */
const VERSION_LABELS = new Set([
  'metadata.labels."helm.sh/chart"',
  'metadata.labels."app.kubernetes.io/version"',
  'metadata.annotations."gateway.networking.k8s.io/bundle-version"',
  'metadata.annotations."gateway.networking.k8s.io/channel"',
]);
