import { fold as folded, isOfHelm, isOfKubectl, type ManagedEntry } from '../core/managed-fields.ts';
import type { ObjectRef } from '../core/object-ref.ts';
import { ClusterError, type Cluster, type LiveObject } from '../ports/cluster.ts';

/** An object as it was looked at last, and whose fields in it become ours. */
export interface Folding {
  readonly ref: ObjectRef;
  /** Undefined where it is to be looked at first. */
  readonly live: LiveObject | undefined;
  /** Those that were declared with kubectl too, not only those that a Helm has set. */
  readonly isAdopted: boolean;
}

/**
 * Makes the fields that helm has set in these objects ours, so that what the manifest does not have goes with the next apply: without
 * it, what a chart drops would stay for ever, and a value beside a valueFrom is refused. Nothing but managedFields is written,
 * and nothing where helm has no field. Rejects with ClusterError.
 */
export const fold = async (cluster: Cluster, objects: readonly Folding[], signal: AbortSignal): Promise<void> => {
  await Promise.all(objects.map((object) => foldOne(cluster, object, signal)));
};

const foldOne = async (cluster: Cluster, { ref, live, isAdopted }: Folding, signal: AbortSignal): Promise<void> => {
  const isTaken = (entry: ManagedEntry) => isOfHelm(entry) || (isAdopted && isOfKubectl(entry));
  let seen = live ?? (await cluster.look(ref, signal));
  for (let tries = 1; seen !== undefined; tries += 1) {
    const managed = folded(seen.managed, isTaken);
    if (managed === undefined) return;
    try {
      return await cluster.setManaged(ref, seen, managed, signal);
    } catch (error) {
      // A controller that writes its status is faster now and then.
      if (!(error instanceof ClusterError) || error.code !== 'Conflict' || tries >= MOST_TRIES) throw error;
    }
    seen = await cluster.look(ref, signal);
  }
};

const MOST_TRIES = 5;
