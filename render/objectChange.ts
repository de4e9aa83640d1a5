import type { Effect, Judgement } from "./effects";
import type { StackObject } from "./renderedStack";

/** A field that differs between two versions of an object. */
export interface FieldChange {
  readonly path: string;
  /** Undefined where there was nothing; for a list, the elements that the other one lacks. */
  readonly before: unknown;
  readonly after: unknown;
  /** Whether they are two lists, of which only the elements that differ are here. */
  readonly isList: boolean;
  /** Whether it changed in a part that is not shown, so that both sides may read the same. */
  readonly isHidden: boolean;
  readonly effect: Effect;
}

/** An object that came, went, or changed. */
export interface ObjectChange {
  /** Kind, namespace and name: `ConfigMap kube-system/cilium-config`. */
  readonly object: string;
  readonly kind: string;
  readonly change: "added" | "changed" | "removed";
  readonly before: StackObject | undefined;
  readonly after: StackObject | undefined;
  /** Those of a changed object, by their paths; none where all of it came or went. */
  readonly fields: readonly FieldChange[];
  readonly judgements: readonly Judgement[];
  /** The most harmful of the judgements'. */
  readonly effect: Effect;
}

/** A change before it is judged. */
export type Unjudged = Omit<ObjectChange, "fields" | "judgements" | "effect"> & {
  readonly fields: readonly Omit<FieldChange, "effect">[];
};
