import * as pulumi from "@pulumi/pulumi";
import {
  describeProblem,
  droppedCrds,
  type LastState,
  matchCluster,
  matchLastState,
  type ObservedCluster,
  type Problem,
  type Settings,
} from "../config";
import { AccessError } from "../kubernetes/accessError";
import { loadCluster } from "../kubernetes/client";
import { LookError, observeCluster } from "../kubernetes/observeCluster";
import { lastState } from "./lastState";

/** A cluster that the stack may be applied to. */
export interface CheckedCluster {
  /** UID of the namespace kube-system; that of the last update, if any, in a preview that could not look. */
  readonly clusterUid: string | undefined;
  /** Whether it was made anew since the last update. */
  readonly madeAnew: boolean;
  /** What makes the engine replace a resource when it changes; undefined changes nothing. */
  readonly trigger: string | undefined;
  /** Names of the pools that the last update made. */
  readonly earlierPools: readonly string[];
}

/**
 * Looks, before anything is made, whether the cluster is the stack's, and whether an update would take anything away.
 * A preview without a cluster goes on, with a warning.
 * @param bundle names of the CRDs that are going to be installed.
 * @throws RunError with every reason not to go on.
 */
export async function checkCluster(
  settings: Settings,
  bundle: readonly string[],
): Promise<CheckedCluster> {
  const last = await lastState();
  const observed = await look(settings, last, bundle);
  if (observed === undefined) {
    // As if it were the cluster of the last update: the preview shows what the configuration changes.
    const { problems, warnings } = matchLastState(settings, last, bundle);
    await warn(warnings);
    refuse(problems);
    return {
      clusterUid: last.uid,
      madeAnew: false,
      trigger: last.uid,
      earlierPools: last.pools,
    };
  }
  const { problems, warnings, madeAnew } = matchCluster(settings, observed, last, bundle);
  await warn(warnings);
  refuse(problems);
  const { uid } = observed;
  if (madeAnew) {
    await pulumi.log.warn(
      `the cluster was made anew since the last update (UID of kube-system: ${uid}, last time ${last.uid}): everything is installed again`,
    );
  }
  return {
    clusterUid: uid,
    madeAnew,
    // A cluster that cluster.uid lets through, and that is not empty, is updated as it is.
    trigger: madeAnew || last.uid === undefined || last.uid === uid ? uid : undefined,
    earlierPools: last.pools,
  };
}

async function warn(warnings: readonly Problem[]): Promise<void> {
  for (const warning of warnings) await pulumi.log.warn(describeProblem(warning));
}

function refuse(problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  throw new pulumi.RunError(
    ["the stack is not applied to this cluster:", ...problems.map(describeProblem)].join("\n  "),
  );
}

async function look(
  { cluster }: Settings,
  last: LastState,
  bundle: readonly string[],
): Promise<ObservedCluster | undefined> {
  try {
    return await observeCluster(loadCluster(cluster), droppedCrds(last, bundle));
  } catch (error) {
    if (!(error instanceof LookError || error instanceof AccessError)) throw error;
    const what = `the cluster could not be looked at: ${error.message}`;
    if (!pulumi.runtime.isDryRun()) throw new pulumi.RunError(`${what}. Nothing was changed.`);
    await pulumi.log.warn(
      `${what}. This preview does not tell whether it is the stack's cluster; an update would stop here.`,
    );
    return undefined;
  }
}
