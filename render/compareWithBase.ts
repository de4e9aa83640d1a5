import { firstOf, type StackConfig } from "../config";
import type { Capabilities } from "../sources/helm";
import { uncommittedFiles, withBaseCheckout } from "./baseCheckout";
import { type Comparison, compareStacks } from "./compareStacks";
import { Marks } from "./marks";
import { isRenderedFolder, readRenderedFolder } from "./renderedFolder";
import type { RenderedStack } from "./renderedStack";
import { renderStack } from "./renderStack";

export interface CompareRequest {
  /** Folder of the project, whose stack and program are compared. */
  readonly folder: string;
  readonly stack: string;
  /** What it is compared with: a ref of git, or a folder that render wrote. */
  readonly against: string;
  /** Configuration of the stack in a checkout; undefined where it has no such stack. */
  readonly readConfig: (folder: string) => StackConfig | undefined;
  /** Of the stack's cluster, for both; default: what each stack says. */
  readonly capabilities?: Capabilities | undefined;
  /** Is told, in a sentence, what the objects do not show. */
  readonly warn: (sentence: string) => void;
}

export interface ComparedWithBase {
  /** The base in words: `main (1a2b3c4)`. */
  readonly base: string;
  readonly notes: readonly string[];
  /** The comparison, or why there is none: the base cannot be rendered. */
  readonly result: Comparison | { readonly problem: string };
}

/**
 * Renders a stack as it is here and as it is at a base, and compares the two.
 * @throws Error when what is here cannot be rendered, or there is no such base.
 */
export async function compareWithBase(request: CompareRequest): Promise<ComparedWithBase> {
  const { folder, stack, against } = request;
  const marks = new Marks();
  if (isRenderedFolder(against)) {
    const before = readRenderedFolder(against);
    if (before.stack !== stack) {
      throw new Error(
        `${against}: it is of another stack (${before.stack}); name a folder of ${stack}`,
      );
    }
    const after = await renderAt(request, folder, marks);
    return {
      base: against,
      notes: ["Whether a secret changed is not known: a folder does not have it."],
      result: compareStacks(stack, before, after),
    };
  }
  return withBaseCheckout(folder, against, async ({ folder: baseFolder, name }) => {
    const silent = { ...request, warn: () => {} };
    const [before, after] = await Promise.allSettled([
      renderAt(silent, baseFolder, marks),
      renderAt(request, folder, marks),
    ]);
    if (after.status === "rejected") throw after.reason;
    if (after.value === undefined && before.status === "fulfilled" && before.value === undefined) {
      throw new Error(
        `Pulumi.${stack}.yaml: neither is it here nor in ${name}; name a stack that is`,
      );
    }
    return {
      base: name,
      notes: notesOf(folder, before, after.value, name),
      result:
        before.status === "rejected"
          ? { problem: messageOf(before.reason).replaceAll(baseFolder, "(the base)") }
          : compareStacks(stack, before.value, after.value),
    };
  });
}

/** The stack of a checkout; undefined where there is none of its name. */
async function renderAt(
  { stack, readConfig, capabilities, warn }: CompareRequest,
  folder: string,
  marks: Marks,
): Promise<RenderedStack | undefined> {
  const config = readConfig(folder);
  if (config === undefined) return undefined;
  return renderStack({ folder, stack, config, capabilities, marks, warn });
}

function notesOf(
  folder: string,
  before: PromiseSettledResult<RenderedStack | undefined>,
  after: RenderedStack | undefined,
  name: string,
): string[] {
  const uncommitted = uncommittedFiles(folder);
  return [
    ...(before.status === "fulfilled" && before.value === undefined
      ? [`${name} has no such stack: all of it is added.`]
      : []),
    ...(after === undefined ? ["The stack's file is gone: all of it is removed."] : []),
    ...(uncommitted.length > 0
      ? [`Uncommitted changes are part of it: ${firstOf(uncommitted, 5)}.`]
      : []),
  ];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
