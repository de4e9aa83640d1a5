import { execa } from "execa";
import { prepareTools } from "../../lab/toolchain/toolchain";
import { TOOLS } from "../../lab/toolchain/tools";
import type { RenderedObject } from "../../sources/helm";

/** Values, and the folder of the chart that is to render them. */
export interface Rendering {
  readonly chart: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** What a chart makes of values: objects, or why it refuses them. */
export interface Rendered {
  readonly objects?: readonly RenderedObject[];
  readonly error?: string;
}

/** Path of the lab's program that renders charts as Helm does, built first if need be. */
export async function helmTemplate(): Promise<string> {
  const tools = TOOLS.filter(({ name }) => name === "helm-template");
  const { "helm-template": program = "" } = await prepareTools(tools, console.log);
  return program;
}

/** Renders values in one process; the answers are in the order of the questions. */
export async function renderAll(renderings: readonly Rendering[]): Promise<Rendered[]> {
  const input = renderings.map((rendering) => JSON.stringify(rendering)).join("\n");
  const { stdout } = await execa(await helmTemplate(), { input, maxBuffer: 1e9 });
  return stdout.split("\n").map((line) => JSON.parse(line) as Rendered);
}
