import { installWaves } from '../core/order.ts';
import type { PlannedObject } from '../core/plan.ts';
import type { AppliedObject } from '../core/readiness.ts';
import { ClusterError, type Cluster } from '../ports/cluster.ts';
import { isRace, StageError } from '../ports/errors.ts';

/**
 * Applies the objects in Helm's install order, those of one kind side by side. Stops after the wave in which an object
 * was refused; applying again is harmless. Rejects with StageError or ClusterError of the first such object.
 */
export const apply = async (cluster: Cluster, objects: readonly PlannedObject[], signal: AbortSignal): Promise<readonly AppliedObject[]> => {
  const applied: AppliedObject[] = [];
  for (const wave of installWaves(objects)) {
    const answers = await Promise.allSettled(wave.map((object) => applyOne(cluster, object, signal)));
    for (const answer of answers) {
      if (answer.status === 'rejected') throw answer.reason;
      applied.push(answer.value);
    }
  }
  return applied;
};

const applyOne = async (cluster: Cluster, { ref, json, source }: PlannedObject, signal: AbortSignal): Promise<AppliedObject> => {
  try {
    const { uid, resourceVersion } = await cluster.apply(ref, json, { dryRun: false }, signal);
    return { ref, uid, resourceVersion };
  } catch (error) {
    // Forced, and without a precondition of ours: a conflict or a missing object is what the manifest, or a webhook, says.
    if (!(error instanceof ClusterError) || !(error.code === 'Rejected' || isRace(error))) throw error;
    throw new StageError('ManifestRejected', `${error.message} (${source})`, { cause: error });
  }
};
