/** What a change does to a cluster that runs, the most harmful first: the order of every report. */
export const EFFECTS = [
  "removes CRDs",
  "shrinks addresses",
  "immutable field",
  "interrupts the data path",
  "restarts agents",
  "restarts the operator",
  "restarts other pods",
  "moves versions",
  "harmless",
] as const;

export type Effect = (typeof EFFECTS)[number];

/** Something that a change does. */
export interface Judgement {
  readonly effect: Effect;
  /** What happens, and why, on one line. */
  readonly what: string;
  /** The page that says so. */
  readonly source?: string;
  /** Paths of the fields that do it, and of all fields below them; none where the object comes or goes. */
  readonly paths: readonly string[];
}

/** Something that the whole change does, and the object that does it. */
export interface Finding extends Pick<Judgement, "effect" | "what" | "source"> {
  /** An object, or what has a version: `Cilium`, `Gateway API`. */
  readonly object: string;
}

/** The most harmful of some effects; harmless where there are none. */
export function worst(effects: readonly Effect[]): Effect {
  return EFFECTS.find((effect) => effects.includes(effect)) ?? "harmless";
}
