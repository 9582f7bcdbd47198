import { refKey } from '../core/object-ref.ts';
import type { PlannedObject } from '../core/plan.ts';
import type { RecordHead } from '../core/record.ts';
import { checkFlux, claim } from '../stages/claim.ts';
import { fold } from '../stages/fold.ts';
import { inherit } from '../stages/inherit.ts';
import type { Deps } from './deps.ts';
import { type Earlier, objectsOf } from './memory.ts';
import { type Run, whoseOf } from './run.ts';

/** What a revision is about to write, and what the release may have in the cluster. */
export interface Taking {
  readonly planned: readonly PlannedObject[];
  readonly earlier: readonly Earlier[];
  readonly records: readonly RecordHead[];
  /** The release was made by stock helm. */
  readonly isAdopting: boolean;
}

/**
 * Makes sure that the release may write what it is about to write, and that it owns what it writes: an object that is new to it, or every
 * object where a person's helm was there since, must belong to it or, if the spec says so, to nobody; what helm has set becomes
 * ours. Returns the records as they are then. Rejects with StageError, ClusterError.
 */
export const take = async (deps: Deps, run: Run, { planned, earlier, records, isAdopting }: Taking): Promise<readonly RecordHead[]> => {
  const { release, address, signal } = run;
  const whose = whoseOf(run);
  if (isAdopting) await checkFlux(deps.cluster, { whose, objects: objectsOf(earlier) }, signal);
  const isTouched = earlier.some(({ record }) => record.notes === undefined);
  const ours = new Set(objectsOf(earlier.filter(({ record }) => !isTouched && record.status === 'deployed')).map(({ ref }) => refKey(ref)));
  const objects = planned.filter(({ ref }) => !ours.has(refKey(ref)));
  const claimed = await claim(deps.cluster, { whose, objects, adopt: release.spec.adopt }, signal);
  // The watches may not have come to what was done to these, by whomever: all is sent.
  if (claimed.length > 0) deps.standings.take(run.key);
  await fold(
    deps.cluster,
    claimed.map(({ object, live, isAdopted }) => ({ ref: object.ref, live, isAdopted })),
    signal,
  );
  return isTouched ? inherit(deps.records, address, records, signal) : records;
};
