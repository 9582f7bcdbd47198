import { type ObjectRef, printRef } from '../core/object-ref.ts';
import { uninstallWaves } from '../core/order.ts';
import { isToBeKept, strangerIn, type Whose } from '../core/ownership.ts';
import type { PlacedObject } from '../core/plan.ts';
import { ClusterError, type Cluster } from '../ports/cluster.ts';

/** How many objects were deleted, and those that stay: `ConfigMap default/a, which helm.sh/resource-policy keeps`. */
export interface Pruned {
  readonly deleted: number;
  readonly left: readonly string[];
}

/** An object that could not be deleted, and why. */
export interface Failure {
  readonly ref: ObjectRef;
  readonly error: ClusterError;
}

/**
 * Deletes objects in Helm's order of uninstalling, each only if it is there, belongs to this release, is not to be
 * kept, and is still the one that was looked at (by UID). Rejects with the ClusterError of one that cannot be deleted.
 */
export const prune = async (cluster: Cluster, objects: readonly PlacedObject[], whose: Whose, signal: AbortSignal): Promise<Pruned> => {
  const left: string[] = [];
  let deleted = 0;
  for (const wave of uninstallWaves(objects)) {
    for (const end of await Promise.all(wave.map((object) => pruneOne(cluster, object, whose, signal)))) {
      if (end === 'Deleted') deleted += 1;
      else if (end !== undefined) left.push(end.stays);
    }
  }
  return { deleted, left };
};

/** The same, but one that cannot be deleted is no reason to leave the others, as with helm uninstall. */
export const pruneAll = async (
  cluster: Cluster,
  objects: readonly PlacedObject[],
  whose: Whose,
  signal: AbortSignal,
): Promise<Pruned & { readonly failed: readonly Failure[] }> => {
  const [left, failed]: [string[], Failure[]] = [[], []];
  let deleted = 0;
  for (const wave of uninstallWaves(objects)) {
    for (const end of await Promise.all(wave.map((object) => pruneOne(cluster, object, whose, signal).catch((error: unknown) => failureOf(object, error))))) {
      if (end === 'Deleted') deleted += 1;
      else if (end !== undefined && 'error' in end) failed.push(end);
      else if (end !== undefined) left.push(end.stays);
    }
  }
  return { deleted, left, failed };
};

/** Undefined for an object that was not there, or went with its kind. */
const pruneOne = async (cluster: Cluster, { ref, isKept }: PlacedObject, whose: Whose, signal: AbortSignal): Promise<'Deleted' | { readonly stays: string } | undefined> => {
  try {
    const live = await cluster.look(ref, signal);
    if (live === undefined || live.isTerminating) return undefined;
    const stranger = strangerIn(live, whose);
    if (stranger !== undefined) return { stays: `${printRef(ref)}, which ${stranger}` };
    if (isKept || isToBeKept(live.annotations)) return { stays: `${printRef(ref)}, which helm.sh/resource-policy keeps` };
    return (await cluster.remove(ref, live.uid, signal)) ? 'Deleted' : undefined;
  } catch (error) {
    if (error instanceof ClusterError && error.code === 'UnknownKind') return undefined;
    throw error;
  }
};

const failureOf = ({ ref }: PlacedObject, error: unknown): Failure => {
  if (error instanceof ClusterError) return { ref, error };
  throw error;
};
