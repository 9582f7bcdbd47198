import { refKey } from '../core/object-ref.ts';
import { installWaves } from '../core/order.ts';
import type { PlannedObject } from '../core/plan.ts';
import type { AppliedObject, ObjectChange } from '../core/readiness.ts';
import { isAsApplied, type StandingObject } from '../core/standing.ts';
import { ClusterError, type Cluster, type LiveObject } from '../ports/cluster.ts';
import { isRace, StageError } from '../ports/errors.ts';

/**
 * Applies the objects in Helm's install order, those of one kind side by side. What `standing` (by `refKey`) says was applied with the
 * same bytes, and is still as it was then, is looked at and not sent. Stops after the wave in which an object was refused; applying again
 * is harmless. Rejects with StageError or ClusterError of the first such object.
 */
export const apply = async (
  cluster: Cluster,
  objects: readonly PlannedObject[],
  standing: ReadonlyMap<string, StandingObject>,
  signal: AbortSignal,
): Promise<readonly AppliedObject[]> => {
  const applied: AppliedObject[] = [];
  for (const wave of installWaves(objects)) {
    const answers = await Promise.allSettled(wave.map((object) => bring(cluster, object, standing.get(refKey(object.ref)), signal)));
    for (const answer of answers) {
      if (answer.status === 'rejected') throw answer.reason;
      applied.push(answer.value);
    }
  }
  return applied;
};

const bring = async (cluster: Cluster, object: PlannedObject, last: StandingObject | undefined, signal: AbortSignal): Promise<AppliedObject> => {
  if (last?.digest === object.digest) {
    const live = await cluster.look(object.ref, signal);
    if (live !== undefined && isAsApplied(last, live)) return answerOf(object, live, 'Unchanged');
  }
  return applyOne(cluster, object, signal);
};

const answerOf = ({ ref }: PlannedObject, { uid, resourceVersion, ownFields }: LiveObject, change: ObjectChange): AppliedObject => ({
  ref,
  uid,
  resourceVersion,
  ownFields,
  change,
});

const applyOne = async (cluster: Cluster, object: PlannedObject, signal: AbortSignal): Promise<AppliedObject> => {
  try {
    const answer = await cluster.apply(object.ref, object.json, { dryRun: false }, signal);
    return answerOf(object, answer, answer.isCreated ? 'Created' : 'Configured');
  } catch (error) {
    // Forced, and without a precondition of ours: a conflict or a missing object is what the manifest, or a webhook, says.
    if (!(error instanceof ClusterError) || !(error.code === 'Rejected' || isRace(error))) throw error;
    throw new StageError('ManifestRejected', `${error.message} (${object.source})`, { cause: error });
  }
};
