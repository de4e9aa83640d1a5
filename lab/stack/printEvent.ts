import type { EngineEvent, OpType } from "@pulumi/pulumi/automation";

/** What the engine's operations are called once they are done; those that change nothing are not told. */
const DONE: Partial<Record<OpType, string>> = {
  create: "created",
  update: "updated",
  delete: "deleted",
  replace: "replaced",
  "create-replacement": "created anew",
  "delete-replaced": "deleted the old",
  refresh: "refreshed",
};

/** Prints what the engine did, a line for each resource when it is done, problems as they come, and the counts. */
export function printEvent(event: EngineEvent): void {
  if (event.resOutputsEvent !== undefined) {
    const { op, urn } = event.resOutputsEvent.metadata;
    if (DONE[op] !== undefined) console.log(`  ${DONE[op]} ${nameOf(urn)}`);
  }
  if (event.diagnosticEvent !== undefined) {
    const { severity, urn, message, ephemeral } = event.diagnosticEvent;
    if ((severity === "warning" || severity === "error") && ephemeral !== true) {
      console.log(`  ${urn === undefined ? "" : `${nameOf(urn)}: `}${plain(message)}`);
    }
  }
  if (event.summaryEvent !== undefined) {
    const { resourceChanges, durationSeconds } = event.summaryEvent;
    const counts = Object.entries(resourceChanges).map(([op, count]) => `${count} ${op}`);
    console.log(`stack: ${counts.join(", ")} in ${durationSeconds} s`);
  }
}

/** Type and name of a resource: the end of each of the two last parts of its URN. */
function nameOf(urn: string): string {
  const [type = "", name = ""] = urn.split("::").slice(-2);
  return `${type.split(":").at(-1)} ${name}`;
}

/** A message without the engine's marks for colours. */
function plain(message: string): string {
  return message.replaceAll(/<\{%.*?%\}>/g, "").trimEnd();
}
