import { type Inspection, lostFields } from '../core/drift.ts';
import { bytesNamed } from '../core/manifest-path.ts';
import { ownEntry } from '../core/managed-fields.ts';
import { belongingOf, describeStranger, type Whose } from '../core/ownership.ts';
import type { PlannedObject } from '../core/plan.ts';
import { ClusterError, type Cluster, type LiveObject } from '../ports/cluster.ts';
import { isRace } from '../ports/errors.ts';

/** What was found of an object, and what it is like now, where it is there. */
export interface Inspected {
  readonly inspection: Inspection;
  readonly live: LiveObject | undefined;
}

/**
 * Finds out what has become of an object that is not as it was applied. Which of its fields would be ours, a dry run of the same apply
 * tells: nothing is changed. Rejects with ClusterError where the API server does not answer.
 */
export const inspect = async (cluster: Cluster, object: PlannedObject, whose: Whose, signal: AbortSignal): Promise<Inspected> => {
  const live = await look(cluster, object, signal);
  if (live === undefined) return { inspection: { kind: 'Gone' }, live };
  if (live.isTerminating) return { inspection: { kind: 'Leaving' }, live };
  const belonging = belongingOf(live, whose);
  if (belonging.kind === 'Others') return { inspection: { kind: 'Held', by: describeStranger(belonging, live.managed) }, live };
  if (ownEntry(live.managed) === undefined) return { inspection: { kind: 'Replaced', by: [...new Set(live.managed.map(({ manager }) => manager))] }, live };
  try {
    const wanted = await wantedOf(cluster, object, signal);
    return { inspection: { kind: 'Changed', lost: lostFields(live.managed, wanted.managed) }, live };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return { inspection: { kind: 'Unclear', why: error.message }, live };
  }
};

/**
 * What an apply would make of the object. Where the API server refuses it, as with an env of which somebody has made a reference, what it would
 * make of a new one of another name has the same fields.
 */
const wantedOf = async (cluster: Cluster, { ref, json }: PlannedObject, signal: AbortSignal): Promise<LiveObject> => {
  try {
    return await cluster.apply(ref, json, { dryRun: true }, signal);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return cluster.apply({ ...ref, name: NOBODYS_NAME }, bytesNamed(json, NOBODYS_NAME), { dryRun: true }, signal);
  }
};

const NOBODYS_NAME = 'tagalong-dry-run';

/** The object itself, or a webhook that knows no dry run, is in the way; or it is gone by now. */
const isRefusal = (error: unknown): error is ClusterError => error instanceof ClusterError && (error.code === 'Rejected' || error.code === 'Forbidden' || isRace(error));

/** An object whose kind is not served any more is gone. */
const look = async (cluster: Cluster, { ref }: PlannedObject, signal: AbortSignal): Promise<LiveObject | undefined> => {
  try {
    return await cluster.look(ref, signal);
  } catch (error) {
    if (error instanceof ClusterError && error.code === 'UnknownKind') return undefined;
    throw error;
  }
};
