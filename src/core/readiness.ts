import { type Health, isReadyOnceThere } from './health.ts';
import { groupOf, type ObjectRef, printRef } from './object-ref.ts';
import { isNewer } from './resource-version.ts';

/** What became of an object: sent and made, sent, or left as it is since nothing had changed. */
export type ObjectChange = 'Created' | 'Configured' | 'Unchanged';

/** An object as the API server answered our apply. */
export interface AppliedObject {
  readonly ref: ObjectRef;
  readonly uid: string;
  readonly resourceVersion: string;
  /** Digest of the fields that are ours; see ports/cluster.ts. */
  readonly ownFields: string;
  readonly change: ObjectChange;
}

/** What the watches saw of it last. */
export interface Sighting {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly health: Health;
}

type SightingOf = (ref: ObjectRef) => Sighting | undefined;

/** Whether a set of applied objects is ready; the message names the first object that is not. */
export type Verdict = { readonly kind: 'Ready' } | { readonly kind: 'Waiting'; readonly message: string } | { readonly kind: 'Failed'; readonly message: string };

/** Objects whose readiness must be waited for. */
export const objectsToWaitFor = (applied: readonly AppliedObject[], options: { readonly waitForJobs: boolean }): readonly AppliedObject[] =>
  applied.filter(({ ref }) => !isReadyOnceThere(ref) && (options.waitForJobs || !isJob(ref)));

/**
 * Judges objects by what the watches saw. A sighting older than our own apply says nothing: it shows the object as it
 * was before.
 */
export const judge = (objects: readonly AppliedObject[], sightingOf: SightingOf): Verdict => {
  let waiting: Verdict | undefined;
  for (const object of objects) {
    const health = freshSighting(object, sightingOf)?.health ?? NOT_SEEN;
    const message = `${printRef(object.ref)}: ${health.message}`;
    if (health.status === 'Failed') return { kind: 'Failed', message };
    if (health.status !== 'Current') waiting ??= { kind: 'Waiting', message };
  }
  return waiting ?? { kind: 'Ready' };
};

/** Objects that the watches do not have as they were applied: not yet, or not any more. */
export const unseen = (objects: readonly AppliedObject[], sightingOf: SightingOf): readonly AppliedObject[] =>
  objects.filter((object) => freshSighting(object, sightingOf)?.uid !== object.uid);

/** UIDs of Jobs that are complete. They may be deleted at any moment after (ttlSecondsAfterFinished) and are done all the same. */
export const completedJobs = (objects: readonly AppliedObject[], sightingOf: SightingOf): readonly string[] =>
  objects.filter((object) => isJob(object.ref) && freshSighting(object, sightingOf)?.health.status === 'Current').map(({ uid }) => uid);

const NOT_SEEN: Health = { status: 'InProgress', message: 'not seen by the watch yet' };

const freshSighting = ({ ref, resourceVersion }: AppliedObject, sightingOf: SightingOf): Sighting | undefined => {
  const sighting = sightingOf(ref);
  return sighting === undefined || isNewer(resourceVersion, sighting.resourceVersion) ? undefined : sighting;
};

const isJob = ({ apiVersion, kind }: ObjectRef): boolean => groupOf(apiVersion) === 'batch' && kind === 'Job';
