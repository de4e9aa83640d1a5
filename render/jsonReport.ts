import { type Comparison, effectsOf } from "./compareStacks";
import type { Effect, Finding } from "./effects";
import type { ObjectChange } from "./objectChange";
import type { ReportContext } from "./reportContext";
import { summaryOf } from "./textReport";

/** The report as JSON. A later version of the shape has a higher `version`; what is there keeps its meaning. */
export interface JsonReport {
  readonly version: 1;
  readonly stack: string;
  /** What it is compared with. */
  readonly base: string;
  readonly notes: readonly string[];
  /** `1 object added, 3 changed, 0 removed`, or `no object changes`. */
  readonly summary: string;
  /** What the change does, the most harmful first. */
  readonly effects: readonly Effect[];
  /** What does it, and why. */
  readonly findings: readonly Finding[];
  readonly changes: readonly JsonChange[];
  /** Objects in which only labels change that name a version. */
  readonly onlyVersionLabels: readonly string[];
}

interface JsonChange {
  readonly object: string;
  readonly change: ObjectChange["change"];
  readonly madeBy: "Pulumi" | "Helm";
  readonly effect: Effect;
  readonly fields: readonly {
    readonly path: string;
    /** Absent where there was nothing. */
    readonly before?: unknown;
    /** Absent where there is nothing any more. */
    readonly after?: unknown;
    /** Whether it changed in a part that is not shown. */
    readonly hidden: boolean;
    readonly effect: Effect;
  }[];
}

export function jsonReport(comparison: Comparison, { base, notes }: ReportContext): JsonReport {
  const { stack, changes, findings, onlyVersionLabels } = comparison;
  return {
    version: 1,
    stack,
    base,
    notes,
    summary: summaryOf(comparison),
    effects: effectsOf(comparison),
    findings,
    changes: changes.map(jsonChange),
    onlyVersionLabels,
  };
}

function jsonChange({ object, change, before, after, effect, fields }: ObjectChange): JsonChange {
  const { madeBy } = (after ?? before) as NonNullable<typeof after>;
  return {
    object,
    change,
    madeBy,
    effect,
    fields: fields.map((field) => ({
      path: field.path,
      ...(field.before !== undefined && { before: field.before }),
      ...(field.after !== undefined && { after: field.after }),
      hidden: field.isHidden,
      effect: field.effect,
    })),
  };
}
