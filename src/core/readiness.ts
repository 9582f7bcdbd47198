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

/** That something is not ready, yet or for good; the message names the first object that is not. */
export interface Unready {
  readonly kind: 'Waiting' | 'Failed';
  readonly message: string;
  /** Of no object it is known that it is not ready: the watches have not shown them as they were applied. */
  readonly isUnseen?: boolean;
}

/** How long is waited beyond the time-out, in ms: what nobody has seen has not failed, and a list may be a minute without an answer. */
export const graceMs = ({ isUnseen }: Unready): number => (isUnseen === true ? 90_000 : 0);

/** Whether a set of applied objects is ready. */
export type Verdict =
  | { readonly kind: 'Ready' }
  /** With the objects whose pods, or Events, may tell why: the one that is named first, none where that one has said it itself. */
  | (Unready & { readonly laggards: readonly AppliedObject[] });

/** Objects whose readiness must be waited for. */
export const objectsToWaitFor = (applied: readonly AppliedObject[], options: { readonly waitForJobs: boolean }): readonly AppliedObject[] =>
  applied.filter(({ ref }) => !isReadyOnceThere(ref) && (options.waitForJobs || !isJob(ref)));

/**
 * Judges objects by what the watches saw. A sighting older than our own apply says nothing: it shows the object as it
 * was before.
 */
export const judge = (objects: readonly AppliedObject[], sightingOf: SightingOf): Verdict => {
  const unready: { readonly object: AppliedObject; readonly health: Health }[] = [];
  for (const object of objects) {
    const health = freshSighting(object, sightingOf)?.health ?? NOT_SEEN;
    if (health.status === 'Failed') return { kind: 'Failed', message: `${printRef(object.ref)}: ${health.message}`, laggards: [object] };
    if (health.status !== 'Current') unready.push({ object, health });
  }
  const [first] = unready;
  if (first === undefined) return { kind: 'Ready' };
  const laggards = first.health.isTold === true ? [] : unready.filter(({ health }) => health.isTold !== true).map(({ object }) => object);
  const isUnseen = unready.every(({ health }) => health === NOT_SEEN);
  return { kind: 'Waiting', message: `${printRef(first.object.ref)}: ${first.health.message}`, laggards, ...(isUnseen && { isUnseen }) };
};

/** Objects that the watches do not have as they were applied: not yet, or not any more. */
export const unseen = (objects: readonly AppliedObject[], sightingOf: SightingOf): readonly AppliedObject[] =>
  objects.filter((object) => freshSighting(object, sightingOf)?.uid !== object.uid);

/** UIDs of Jobs that are complete. They may be deleted at any moment after (ttlSecondsAfterFinished) and are done all the same. */
export const completedJobs = (objects: readonly AppliedObject[], sightingOf: SightingOf): readonly string[] =>
  objects.filter((object) => isJob(object.ref) && freshSighting(object, sightingOf)?.health.status === 'Current').map(({ uid }) => uid);

const NOT_SEEN: Health = { status: 'InProgress', message: 'not seen by the watch yet', isTold: true };

const freshSighting = ({ ref, resourceVersion }: AppliedObject, sightingOf: SightingOf): Sighting | undefined => {
  const sighting = sightingOf(ref);
  return sighting === undefined || isNewer(resourceVersion, sighting.resourceVersion) ? undefined : sighting;
};

const isJob = ({ apiVersion, kind }: ObjectRef): boolean => groupOf(apiVersion) === 'batch' && kind === 'Job';
