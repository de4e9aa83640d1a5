import assert from "node:assert/strict";
import type { EngineEvent } from "@pulumi/pulumi/automation";
import type { Clients } from "./labForTests";

/** What is made of each definition that Cilium's operator registers: resource type -> name of the definition. */
const MADE_OF: Readonly<Record<string, string>> = {
  "kubernetes:cilium.io/v2:CiliumLoadBalancerIPPool": "ciliumloadbalancerippools.cilium.io",
  "kubernetes:cilium.io/v2alpha1:CiliumL2AnnouncementPolicy":
    "ciliuml2announcementpolicies.cilium.io",
};

/**
 * Asserts that pool and policy were begun only once the API server served their definitions, and that none of them was
 * tried twice. Times are those of the API server and of the engine, to the second, on one clock.
 */
export async function assertCreatedAfterTheirDefinitions(
  events: readonly EngineEvent[],
  { crds }: Clients,
): Promise<void> {
  for (const [type, definition] of Object.entries(MADE_OF)) {
    const begun = events.find(
      ({ resourcePreEvent }) =>
        resourcePreEvent?.metadata.type === type && resourcePreEvent.metadata.op === "create",
    );
    assert.ok(begun, `${type} was created`);
    const { status } = await crds.readCustomResourceDefinition({ name: definition });
    const established = status?.conditions?.find(({ type: name }) => name === "Established");
    const since = established?.lastTransitionTime?.getTime() ?? Number.POSITIVE_INFINITY;
    assert.ok(
      begun.timestamp >= Math.floor(since / 1000),
      `${type} was begun at ${begun.timestamp}, before its definition was Established at ${since / 1000}`,
    );
    const retries = events.filter(
      ({ diagnosticEvent }) =>
        diagnosticEvent?.urn?.includes(type) &&
        /retry|no matches for kind/i.test(diagnosticEvent.message),
    );
    assert.deepEqual(
      retries.map(({ diagnosticEvent }) => diagnosticEvent?.message),
      [],
      `${type} was tried once`,
    );
  }
}
