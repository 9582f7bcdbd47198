import { uninstallWaves } from '../core/order.ts';
import { isOwnedBy, isToBeKept, type Owner } from '../core/ownership.ts';
import type { PlacedObject } from '../core/plan.ts';
import type { Cluster } from '../ports/cluster.ts';

/**
 * Deletes objects in reverse install order, each only if it is there, carries this owner's labels, does not ask to be
 * kept, and is still the one that was looked at (by UID). Returns how many were deleted.
 */
export const prune = async (cluster: Cluster, objects: readonly PlacedObject[], owner: Owner, signal: AbortSignal): Promise<number> => {
  let count = 0;
  for (const wave of uninstallWaves(objects)) {
    const gone = await Promise.all(wave.map((object) => pruneOne(cluster, object, owner, signal)));
    count += gone.filter(Boolean).length;
  }
  return count;
};

const pruneOne = async (cluster: Cluster, { ref }: PlacedObject, owner: Owner, signal: AbortSignal): Promise<boolean> => {
  const live = await cluster.look(ref, signal);
  if (live === undefined || live.isTerminating || !isOwnedBy(live, owner) || isToBeKept(live.annotations)) return false;
  return cluster.remove(ref, live.uid, signal);
};
