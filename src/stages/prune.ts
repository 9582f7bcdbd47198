import { printRef } from '../core/object-ref.ts';
import { uninstallWaves } from '../core/order.ts';
import { describeOwner, isOwnedBy, isToBeKept, type Owner } from '../core/ownership.ts';
import type { PlacedObject } from '../core/plan.ts';
import type { Cluster } from '../ports/cluster.ts';

/** How many objects were deleted, and those that stay: `ConfigMap default/a, which helm.sh/resource-policy keeps`. */
export interface Pruned {
  readonly deleted: number;
  readonly left: readonly string[];
}

/**
 * Deletes objects in Helm's order of uninstalling, each only if it is there, carries this owner's labels, is not to be
 * kept, and is still the one that was looked at (by UID).
 */
export const prune = async (cluster: Cluster, objects: readonly PlacedObject[], owner: Owner, signal: AbortSignal): Promise<Pruned> => {
  let deleted = 0;
  const left: string[] = [];
  for (const wave of uninstallWaves(objects)) {
    for (const end of await Promise.all(wave.map((object) => pruneOne(cluster, object, owner, signal)))) {
      if (end === 'Deleted') deleted += 1;
      else if (end !== undefined) left.push(end.stays);
    }
  }
  return { deleted, left };
};

/** Undefined for an object that was not there. */
const pruneOne = async (cluster: Cluster, { ref, isKept }: PlacedObject, owner: Owner, signal: AbortSignal): Promise<'Deleted' | { readonly stays: string } | undefined> => {
  const live = await cluster.look(ref, signal);
  if (live === undefined || live.isTerminating) return undefined;
  if (!isOwnedBy(live, owner)) return { stays: `${printRef(ref)}, which ${describeOwner(live)}` };
  if (isKept || isToBeKept(live.annotations)) return { stays: `${printRef(ref)}, which helm.sh/resource-policy keeps` };
  return (await cluster.remove(ref, live.uid, signal)) ? 'Deleted' : undefined;
};
