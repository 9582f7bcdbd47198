import { type Immovable, type Obsolete, objectionToAnew } from '../core/anew.ts';
import { printRef } from '../core/object-ref.ts';
import { isToBeKept, strangerIn, type Whose } from '../core/ownership.ts';
import type { PlannedObject } from '../core/plan.ts';
import { ClusterError, type Cluster, type LiveObject } from '../ports/cluster.ts';
import { StageError } from '../ports/errors.ts';

/**
 * Makes sure that an object may be deleted and made anew: that it is ours, that no data goes with it, and that the API server would take
 * the new one. Changes nothing. Rejects with StageError or ClusterError.
 */
export const checkAnew = async (cluster: Cluster, { object, message }: Immovable, whose: Whose, signal: AbortSignal): Promise<LiveObject | undefined> => {
  const { ref, source } = object;
  const live = await cluster.look(ref, signal);
  const stranger = live === undefined ? undefined : strangerIn(live, whose);
  if (stranger !== undefined) throw new StageError('ObjectNotOwned', `${printRef(ref)} (${source}) is not deleted to be made anew: it ${stranger}`);
  const isKept = object.isKept || isToBeKept(live?.annotations ?? {});
  const objection = objectionToAnew({ ref, isKept, spec: await specOf(cluster, object, signal) });
  if (objection !== undefined) throw new StageError('ManifestRejected', `${message} (${source}); ${objection}`);
  await tryOut(cluster, object, signal);
  return live;
};

/**
 * Deletes such an object, in the background and that one alone. It may stay for a while: somebody's finalizer, or what hangs on it, has to
 * go first. After a crash in between, applying the revision makes the object.
 */
export const clearTheWay = async (
  cluster: Cluster,
  immovable: Immovable,
  whose: Whose,
  signal: AbortSignal,
): Promise<{ readonly isDeleted: boolean; readonly isGone: boolean }> => {
  const { ref } = immovable.object;
  const live = await checkAnew(cluster, immovable, whose, signal);
  if (live === undefined) return { isDeleted: false, isGone: true };
  const isDeleted = !live.isTerminating && (await cluster.remove(ref, live.uid, signal));
  return { isDeleted, isGone: (await cluster.look(ref, signal))?.uid !== live.uid };
};

const specOf = async (cluster: Cluster, { ref }: PlannedObject, signal: AbortSignal): Promise<Obsolete['spec']> => {
  if (ref.kind !== 'StatefulSet') return undefined;
  const live = await cluster.read(ref, signal);
  return live?.['spec'];
};

/** What has the name already is the last thing that the API server looks at. */
const tryOut = async (cluster: Cluster, { ref, json, source }: PlannedObject, signal: AbortSignal): Promise<void> => {
  try {
    await cluster.create(ref, json, { dryRun: true }, signal);
  } catch (error) {
    if (!(error instanceof ClusterError) || error.code === 'Unavailable') throw error;
    if (error.code === 'Rejected' && !error.message.includes('does not support dry run'))
      throw new StageError('ManifestRejected', `${error.message} (${source})`, { cause: error });
  }
};
