import { describeError } from "../../kubernetes/client";

/** Runs a step. When it throws, prints the error in one line and ends with exit code 1, which fails the update. */
export function runStep(step: () => Promise<void>): void {
  step().catch((error) => {
    console.error(describeError(error));
    process.exitCode = 1;
  });
}

/** @throws Error when the component that runs the step has not set this variable. */
export function readVariable(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === "") {
    throw new Error(`${name}: not set; the stack runs this step, and sets it`);
  }
  return value;
}
