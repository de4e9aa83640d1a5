/** What a report says beside the comparison. */
export interface ReportContext {
  /** What it is compared with: a git ref with its commit, or a folder. */
  readonly base: string;
  /** What the reader has to know: uncommitted changes, what is not compared. */
  readonly notes: readonly string[];
  /** The command that prints all of it. */
  readonly command: string;
}

/** What every report says, and nothing else, where no object changes. */
export const NO_CHANGES = "no object changes";
