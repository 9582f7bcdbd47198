import type { Immovable } from '../core/anew.ts';
import { type ObjectRef, printRef, refKey } from '../core/object-ref.ts';
import type { PlannedObject } from '../core/plan.ts';
import type { AppliedObject } from '../core/readiness.ts';
import type { RecordHead } from '../core/record.ts';
import type { StandingObject } from '../core/standing.ts';
import { StageError } from '../ports/errors.ts';
import type { Sight } from '../ports/imprints.ts';
import { clearTheWay } from '../stages/anew.ts';
import { apply } from '../stages/apply.ts';
import { fold } from '../stages/fold.ts';
import type { Deps } from './deps.ts';
import { checkNewest } from './overtaken.ts';
import { type Run, whoseOf } from './run.ts';

/** An object that is still to go, as messages name it. */
export interface Leaving {
  readonly waitsFor: string;
}

/**
 * Applies the objects of the revision that has this record; those whose change the API server refuses are deleted and made anew, where spec.force says so. Where a helm has set fields
 * too, since they were last looked at, all are applied once more when its fields are ours. Returns what the API server answered, or what is to be gone before it can go on. Rejects with StageError and ClusterError.
 */
export const bring = async (
  deps: Deps,
  run: Run,
  record: RecordHead,
  { objects, standing }: { readonly objects: readonly PlannedObject[]; readonly standing: ReadonlyMap<string, StandingObject> },
): Promise<readonly AppliedObject[] | Leaving> => {
  const { release, signal } = run;
  const mayGoOn = () => checkNewest(deps, run, record);
  const cleared = new Set<string>();
  let isFolded = false;
  // Where nobody wants to know of drift, nobody would be woken by what the watch does not have yet; and our own fold may be among that.
  const sightOf = (ref: ObjectRef): Sight => (isFolded || release.spec.drift.mode === 'Ignore' ? { kind: 'Unknown' } : deps.imprints.of(ref));
  for (;;) {
    const answer = await apply(deps.cluster, { objects, standing, sightOf, force: release.spec.force, mayGoOn }, signal);
    if (answer.kind === 'Applied') {
      const shared = answer.objects.filter(({ isShared }) => isShared);
      if (shared.length === 0 || isFolded) return answer.objects;
      await fold(
        deps.cluster,
        shared.map(({ ref }) => ({ ref, live: undefined, isAdopted: false })),
        signal,
      );
      isFolded = true;
      continue;
    }
    for (const immovable of answer.refused) {
      const { ref, source } = immovable.object;
      if (cleared.has(refKey(ref))) throw new StageError('ManifestRejected', `${immovable.message} (${source}), though it was deleted: somebody makes it again`);
      cleared.add(refKey(ref));
      const { isDeleted, isGone } = await clearTheWay(deps.cluster, immovable, whoseOf(run), signal);
      if (isDeleted) tell(deps, run, immovable);
      if (!isGone) return { waitsFor: `${printRef(ref)} to be gone, so that it can be made anew` };
    }
  }
};

const tell = (deps: Deps, { release, names }: Run, { object, message }: Immovable): void => {
  const what = `${printRef(object.ref)} (${object.source}) was deleted to be made anew, as spec.force says: ${message}`;
  deps.logger.info(names, what);
  deps.events.announce(release, { type: 'Normal', reason: 'ObjectMadeAnew', action: 'Apply', message: what, annotations: {} });
};
