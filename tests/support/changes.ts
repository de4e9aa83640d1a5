import type { KubernetesObject, PatchStrategy } from "@kubernetes/client-node";
import type { LabForTests, Manifest } from "./labForTests";
import type { Scenario } from "./scenarios";

/** Breaking and mending, of a scenario. */
export type Change = Pick<Scenario, "break" | "mend">;

/** An object that is there and is changed, then put back as it was. */
export function changing(
  lab: LabForTests,
  object: Manifest,
  change: Record<string, unknown>,
  strategy?: PatchStrategy,
): Change {
  let before: KubernetesObject;
  return {
    break: async () => {
      before = await read();
      await lab.change({ ...object, ...change }, strategy);
    },
    mend: async () => {
      const { resourceVersion } = (await read()).metadata ?? {};
      const metadata = { ...before.metadata, managedFields: undefined, resourceVersion };
      await lab.clients.anything.replace({ ...before, metadata } as KubernetesObject);
    },
  };

  function read(): Promise<KubernetesObject> {
    const { name = "", namespace = "" } = object.metadata ?? {};
    return lab.clients.anything.read({ ...object, metadata: { name, namespace } });
  }
}

/** Objects that are added, then deleted. */
export function adding(lab: LabForTests, ...objects: Manifest[]): Change {
  return {
    break: () => lab.create(...objects),
    mend: async () => {
      for (const object of objects) await lab.delete(object);
    },
  };
}

/** Several changes, mended in the opposite order. */
export function together(...changes: Change[]): Change {
  return {
    break: async () => {
      for (const change of changes) await change.break();
    },
    mend: async () => {
      for (const change of changes.toReversed()) await change.mend();
    },
  };
}
