import { adviceOnRefusal, type Immovable, isOnlyAnew } from '../core/anew.ts';
import { isOfHelm } from '../core/managed-fields.ts';
import { type ObjectRef, refKey } from '../core/object-ref.ts';
import { installWaves } from '../core/order.ts';
import type { PlannedObject } from '../core/plan.ts';
import type { AppliedObject, ObjectChange } from '../core/readiness.ts';
import { isAsApplied, isSeenAsApplied, type StandingObject } from '../core/standing.ts';
import { ClusterError, type Cluster, type LiveObject } from '../ports/cluster.ts';
import { isRace, StageError } from '../ports/errors.ts';
import type { Sight } from '../ports/imprints.ts';

/** What became of an object, and whether a Helm has set fields in it too: those that our manifest does not have are still there. */
export interface Answered extends AppliedObject {
  readonly isShared: boolean;
}

/** What came of it: all are applied, or some of a wave can only be made anew, in the API server's words. */
export type Applying = { readonly kind: 'Applied'; readonly objects: readonly Answered[] } | { readonly kind: 'Immovable'; readonly refused: readonly Immovable[] };

/** What is to be applied, and how. */
export interface ApplyInput {
  readonly objects: readonly PlannedObject[];
  readonly standing: ReadonlyMap<string, StandingObject>;
  /** What a watch has of an object, where there is one that will also tell of what is on its way. */
  readonly sightOf: (ref: ObjectRef) => Sight;
  readonly force: boolean;
  readonly mayGoOn: () => Promise<void>;
}

/**
 * Applies the objects in Helm's install order, those of one kind side by side. What `standing` (by `refKey`) says was applied with the
 * same bytes, and is still as it was then by the word of a watch, or else by a look at it, is not sent. Stops after the wave in which an object was refused; applying again
 * is harmless. Rejects with StageError or ClusterError of the first such object; where all that is refused in a wave can only be made anew,
 * and `force` says that it may, these objects are returned. Before each wave `mayGoOn` is asked, which rejects where somebody else is at work.
 */
export const apply = async (cluster: Cluster, { objects, standing, sightOf, force, mayGoOn }: ApplyInput, signal: AbortSignal): Promise<Applying> => {
  const applied: Answered[] = [];
  for (const wave of installWaves(objects)) {
    await mayGoOn();
    const answers = await Promise.allSettled(wave.map((object) => bring(cluster, object, { last: standing.get(refKey(object.ref)), sightOf, force }, signal)));
    const refused: Immovable[] = [];
    for (const answer of answers) {
      if (answer.status === 'rejected') throw answer.reason;
      if ('message' in answer.value) refused.push(answer.value);
      else applied.push(answer.value);
    }
    if (refused.length > 0) return { kind: 'Immovable', refused };
  }
  return { kind: 'Applied', objects: applied };
};

const bring = async (
  cluster: Cluster,
  object: PlannedObject,
  { last, sightOf, force }: { readonly last: StandingObject | undefined } & Pick<ApplyInput, 'sightOf' | 'force'>,
  signal: AbortSignal,
): Promise<Answered | Immovable> => {
  if (last?.digest === object.digest) {
    const sight = sightOf(object.ref);
    if (sight.kind === 'Seen' && isSeenAsApplied(last, sight)) return { ...last.answer, resourceVersion: sight.resourceVersion, change: 'Unchanged', isShared: false };
    const live = await cluster.look(object.ref, signal);
    if (live !== undefined && isAsApplied(last, live) && !live.managed.some(isOfHelm)) return answerOf(object, live, 'Unchanged');
  }
  return applyOne(cluster, object, force, signal);
};

const answerOf = ({ ref }: PlannedObject, { uid, resourceVersion, ownFields, managed }: LiveObject, change: ObjectChange): Answered => ({
  ref,
  uid,
  resourceVersion,
  ownFields,
  change,
  isShared: managed.some(isOfHelm),
});

const applyOne = async (cluster: Cluster, object: PlannedObject, force: boolean, signal: AbortSignal): Promise<Answered | Immovable> => {
  try {
    const answer = await cluster.apply(object.ref, object.json, { dryRun: false }, signal);
    return answerOf(object, answer, answer.isCreated ? 'Created' : 'Configured');
  } catch (error) {
    // Forced, and without a precondition of ours: a conflict or a missing object is what the manifest, or a webhook, says.
    if (!(error instanceof ClusterError) || !(error.code === 'Rejected' || isRace(error))) throw error;
    if (force && error.code === 'Rejected' && isOnlyAnew(error.message)) return { object, message: error.message };
    throw new StageError('ManifestRejected', `${error.message} (${object.source})${adviceOnRefusal(error.message, object.ref)}`, { cause: error });
  }
};
