import { printRef, refKey } from '../core/object-ref.ts';
import { describeOwner, isOwnedBy, type Owner } from '../core/ownership.ts';
import type { PlannedObject } from '../core/plan.ts';
import { ClusterError, type Cluster } from '../ports/cluster.ts';
import { StageError } from '../ports/errors.ts';

/** What is to be checked: the plan, and the objects that the release has in the cluster already. */
export interface PreflightInput {
  readonly planned: readonly PlannedObject[];
  readonly earlier: readonly PlannedObject[];
  readonly owner: Owner;
  /** The API server has accepted the same chart with the same values before: no dry run is needed. */
  readonly isAccepted: boolean;
}

/**
 * Finds out, before the first write, what would go wrong: an object that somebody else owns, and an object that the
 * API server refuses (by a dry run, which goes through admission). So a bad chart leaves what runs untouched.
 */
export const preflight = async (cluster: Cluster, input: PreflightInput, signal: AbortSignal): Promise<void> => {
  const before = new Map(input.earlier.map((object) => [refKey(object.ref), object]));
  const added = input.planned.filter((object) => !before.has(refKey(object.ref)));
  await Promise.all(added.map((object) => checkOwner(cluster, object, input.owner, signal)));
  if (input.isAccepted) return;
  const changed = input.planned.filter((object) => !isSame(object, before.get(refKey(object.ref))));
  const created = new Set(input.planned.filter(({ ref }) => ref.kind === 'Namespace').map(({ ref }) => ref.name));
  await Promise.all(changed.map((object) => tryOut(cluster, object, created, signal)));
};

const checkOwner = async (cluster: Cluster, object: PlannedObject, owner: Owner, signal: AbortSignal): Promise<void> => {
  const live = await cluster.look(object.ref, signal);
  if (live === undefined || isOwnedBy(live, owner)) return;
  throw new StageError('ObjectNotOwned', `${printRef(object.ref)} (${object.source}) exists already and ${describeOwner(live)}; remove it, or rename it in the chart`);
};

const tryOut = async (cluster: Cluster, object: PlannedObject, created: ReadonlySet<string>, signal: AbortSignal): Promise<void> => {
  try {
    await cluster.apply(object.ref, object.json, { dryRun: true }, signal);
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    // Nothing can be tried out in a namespace that the chart brings itself, nor past a webhook that knows no dry run.
    if (error.code === 'NamespaceNotFound' && created.has(object.ref.namespace)) return;
    if (error.message.includes('does not support dry run')) return;
    if (error.code === 'Rejected') throw new StageError('ManifestRejected', `${error.message} (${object.source})`, { cause: error });
    throw error;
  }
};

const isSame = (object: PlannedObject, earlier: PlannedObject | undefined): boolean =>
  earlier !== undefined && object.json.length === earlier.json.length && object.json.every((byte, index) => byte === earlier.json[index]);
