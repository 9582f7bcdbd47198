import { isReadyOnceThere, type Health } from './health.ts';
import { groupOf, printRef, type ObjectRef } from './object-ref.ts';

/** An object as the API server answered our apply. */
export interface AppliedObject {
  readonly ref: ObjectRef;
  readonly uid: string;
  readonly resourceVersion: string;
}

/** What the watches saw of it last. */
export interface Sighting {
  readonly resourceVersion: string;
  readonly health: Health;
}

/** Whether a set of applied objects is ready; the message names the first object that is not. */
export type Verdict = { readonly kind: 'Ready' } | { readonly kind: 'Waiting'; readonly message: string } | { readonly kind: 'Failed'; readonly message: string };

/** Objects whose readiness must be waited for. */
export const objectsToWaitFor = (applied: readonly AppliedObject[], options: { readonly waitForJobs: boolean }): readonly AppliedObject[] =>
  applied.filter(({ ref }) => !isReadyOnceThere(ref) && (options.waitForJobs || !isJob(ref)));

/**
 * Judges objects by what the watches saw. A sighting older than our own apply says nothing: it shows the object as it
 * was before.
 */
export const judge = (objects: readonly AppliedObject[], sightingOf: (ref: ObjectRef) => Sighting | undefined): Verdict => {
  let waiting: Verdict | undefined;
  for (const { ref, resourceVersion } of objects) {
    const sighting = sightingOf(ref);
    const health = sighting === undefined || isOlder(sighting.resourceVersion, resourceVersion) ? NOT_SEEN : sighting.health;
    const message = `${printRef(ref)}: ${health.message}`;
    if (health.status === 'Failed') return { kind: 'Failed', message };
    if (health.status !== 'Current') waiting ??= { kind: 'Waiting', message };
  }
  return waiting ?? { kind: 'Ready' };
};

/** Other groups have a kind of that name too. */
const isJob = (ref: ObjectRef): boolean => ref.kind === 'Job' && groupOf(ref.apiVersion) === 'batch';

const NOT_SEEN: Health = { status: 'InProgress', message: 'not seen by the watch yet' };

/** resourceVersions of one API server are decimal numbers that grow (KEP-5504). */
export const isOlder = (version: string, than: string): boolean => (version.length === than.length ? version < than : version.length < than.length);
