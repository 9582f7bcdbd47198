import { type DriftRules, isSpokenOf, sparedFields } from '../core/drift.ts';
import { bytesWithout, parseManifest } from '../core/manifest-path.ts';
import type { PlannedObject } from '../core/plan.ts';
import type { Cluster } from '../ports/cluster.ts';
import type { Imprints } from '../ports/imprints.ts';

/**
 * The objects without the fields that others have and that are left to them: replicas that an autoscaler sets, paths that the release
 * ignores. Only objects of which the watches cannot rule that out are looked at. Rejects with ClusterError.
 */
export const spare = (
  { cluster, imprints }: { readonly cluster: Cluster; readonly imprints: Imprints },
  objects: readonly PlannedObject[],
  rules: DriftRules,
  signal: AbortSignal,
): Promise<readonly PlannedObject[]> => Promise.all(objects.map((object) => (isSuspect(imprints, object, rules) ? spareIn(cluster, object, rules, signal) : object)));

const isSuspect = (imprints: Imprints, { ref }: PlannedObject, rules: DriftRules): boolean => {
  const sight = imprints.of(ref);
  switch (sight.kind) {
    case 'Seen':
      return sight.isShared || isSpokenOf(ref, rules);
    case 'Absent':
      return false;
    case 'Unknown':
      return true;
  }
};

const spareIn = async (cluster: Cluster, object: PlannedObject, rules: DriftRules, signal: AbortSignal): Promise<PlannedObject> => {
  const live = await cluster.look(object.ref, signal);
  if (live === undefined) return object;
  const spared = sparedFields({ ref: object.ref, manifest: parseManifest(object.json) }, live.managed, rules);
  return spared.length === 0 ? object : { ...object, json: bytesWithout(object.json, spared) };
};
