import { uninstallWaves } from '../core/order.ts';
import { isOwnedBy, isToBeKept, type Owner } from '../core/ownership.ts';
import type { PlacedObject } from '../core/plan.ts';
import type { Cluster } from '../ports/cluster.ts';

/**
 * Deletes objects in reverse install order, each only if it is there, carries this owner's labels, does not ask to be
 * kept, and is still the one that was looked at (by UID).
 */
export const prune = async (cluster: Cluster, objects: readonly PlacedObject[], owner: Owner, signal: AbortSignal): Promise<void> => {
  for (const wave of uninstallWaves(objects)) {
    await Promise.all(wave.map((object) => pruneOne(cluster, object, owner, signal)));
  }
};

const pruneOne = async (cluster: Cluster, { ref }: PlacedObject, owner: Owner, signal: AbortSignal): Promise<void> => {
  const live = await cluster.look(ref, signal);
  if (live === undefined || live.isTerminating || !isOwnedBy(live, owner) || isToBeKept(live.annotations)) return;
  await cluster.remove(ref, live.uid, signal);
};
