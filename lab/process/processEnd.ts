/** How a process ended: by itself, by a signal, or before it could start. */
export interface ProcessEnd {
  /** Exit code; null when it did not end by itself. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why it could not start. */
  readonly error?: Error;
}

/** The end as part of a sentence: "exit code 3". */
export function describeEnd({ code, signal, error }: ProcessEnd): string {
  if (error !== undefined) return error.message;
  return signal === null ? `exit code ${code}` : `signal ${signal}`;
}
