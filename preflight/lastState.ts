import * as pulumi from "@pulumi/pulumi";
import { type HelmValues, installedByValues, type LastState } from "../config";

/** A resource as the state has it. */
interface StateResource {
  readonly type: string;
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** Those of the outputs of Cilium's Release that are read. */
interface ReleaseOutputs {
  readonly name: string;
  readonly namespace: string;
  /** The version that was asked for; a chart in a folder has its own. */
  readonly version?: string;
  readonly values?: HelmValues;
  /** What Helm has recorded. */
  readonly status?: { readonly version?: string };
}

/** What the engine answers: outputs of the stack, or of its resources by URN. */
interface Answer<Outputs> {
  readonly outputs: Readonly<Record<string, Outputs>>;
}

const NOTHING: LastState = {
  uid: undefined,
  attempt: undefined,
  release: undefined,
  crds: [],
  pools: [],
  retained: false,
};

/** What the stack's own state says of the cluster that it was last applied to; it is read, not changed. */
export async function lastState(): Promise<LastState> {
  const name = `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;
  const stack = await ask<unknown>("readStackOutputs", { name });
  // Of a stack that was never updated there are no resources to be had: the engine would break down.
  if (Object.keys(stack).length === 0) return NOTHING;
  const resources = Object.values(
    await ask<StateResource>("readStackResourceOutputs", { stackName: name }),
  );
  const one = (type: string) => resources.find((resource) => resource.type === type)?.outputs;
  const identity = one("talos-cilium:index:ClusterIdentity") ?? {};
  const { uid, madeAnew, retained } = identity;
  const release = one("kubernetes:helm.sh/v3:Release") as ReleaseOutputs | undefined;
  return {
    uid: typeof stack.clusterUid === "string" ? stack.clusterUid : undefined,
    attempt: typeof uid === "string" ? { uid, madeAnew: madeAnew === true } : undefined,
    release: release && {
      ...installedByValues(release.values ?? {}),
      release: { name: release.name, namespace: release.namespace },
      version: release.status?.version ?? release.version,
      // States of older versions of the program do not have them.
      podCidrs: identity.podCidrs as readonly string[] | undefined,
    },
    crds: namesOf(resources, "/v1:CustomResourceDefinition"),
    pools: namesOf(resources, ":CiliumLoadBalancerIPPool"),
    retained: retained === true,
  };
}

/** Names of the objects whose type ends so. */
function namesOf(resources: readonly StateResource[], kind: string): string[] {
  return resources
    .filter(({ type }) => type.endsWith(kind))
    .map(({ outputs }) => (outputs.metadata as { name: string }).name);
}

async function ask<Outputs>(
  what: string,
  args: Record<string, string>,
): Promise<Answer<Outputs>["outputs"]> {
  const answer: Answer<Outputs> = await pulumi.runtime.invoke(`pulumi:pulumi:${what}`, args);
  return answer.outputs;
}
