import { adviceOnRefusal, type Immovable, isOnlyAnew } from '../core/anew.ts';
import { refKey } from '../core/object-ref.ts';
import type { PlacedObject, PlannedObject } from '../core/plan.ts';
import { ClusterError, type Cluster } from '../ports/cluster.ts';
import { isRace, StageError } from '../ports/errors.ts';
import type { RenderedHook } from '../ports/renderer.ts';

/** What is to be checked: the plan, and the objects of the deployed revision, which the release has in the cluster. */
export interface PreflightInput {
  readonly planned: readonly PlannedObject[];
  /** Hooks that will run. */
  readonly hooks: readonly RenderedHook[];
  readonly namespace: string;
  readonly deployed: readonly PlacedObject[];
  /** The API server has accepted the same upgrade of another release: no dry run is needed. */
  readonly isAccepted: boolean;
  /** Objects whose change is refused may be deleted and made anew. */
  readonly force: boolean;
}

/**
 * Finds out, before the first write, what would go wrong: an object that the API server refuses, by a dry run, which goes through
 * admission. So a bad chart leaves what runs untouched. Returns the objects that can only be made anew, where `force` says that they may.
 */
export const preflight = async (cluster: Cluster, input: PreflightInput, signal: AbortSignal): Promise<readonly Immovable[]> => {
  const before = new Map(input.deployed.map((object) => [refKey(object.ref), object]));
  const added = input.planned.filter((object) => !before.has(refKey(object.ref)));
  if (input.isAccepted) return [];
  const changed = input.planned.filter((object) => object.digest !== before.get(refKey(object.ref))?.digest);
  const immovable = await Promise.all(changed.map((object) => tryOut(cluster, object, { added, force: input.force }, signal)));
  await Promise.all(input.hooks.map((hook) => tryOutHook(cluster, hook, input.namespace, signal)));
  return immovable.filter((one) => one !== undefined);
};

/**
 * A hook may want what another hook or the release brings along first, and one of its name may be there still: only what is wrong with the
 * object itself counts.
 */
const tryOutHook = async (cluster: Cluster, { apiVersion, kind, name, namespace, source, json }: RenderedHook, home: string, signal: AbortSignal): Promise<void> => {
  try {
    const scope = await cluster.scopeOf(apiVersion, kind, signal);
    await cluster.create({ apiVersion, kind, name, namespace: scope === 'Cluster' ? '' : namespace || home }, json, { dryRun: true }, signal);
  } catch (error) {
    if (!(error instanceof ClusterError) || error.code === 'Unavailable') throw error;
    if (error.code !== 'Rejected' || error.message.includes('does not support dry run')) return;
    throw new StageError('ManifestRejected', `${error.message} (hook of ${source})`, { cause: error });
  }
};

const tryOut = async (
  cluster: Cluster,
  object: PlannedObject,
  { added, force }: { readonly added: readonly PlannedObject[]; readonly force: boolean },
  signal: AbortSignal,
): Promise<Immovable | undefined> => {
  try {
    await cluster.apply(object.ref, object.json, { dryRun: true }, signal);
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    const { code, message } = error;
    if (isInconclusive(error, object, added)) return undefined;
    if (force && code === 'Rejected' && isOnlyAnew(message)) return { object, message };
    if (code === 'Rejected' || isRace(error)) throw new StageError('ManifestRejected', `${message} (${object.source})${adviceOnRefusal(message, object.ref)}`, { cause: error });
    throw error;
  }
  return undefined;
};

/**
 * A Pod wants its ServiceAccount, a RoleBinding its Role, all of them their Namespace: what the chart brings along is not
 * there yet. And there are webhooks that know no dry run.
 */
const isInconclusive = ({ code, message }: ClusterError, { ref }: PlannedObject, added: readonly PlannedObject[]): boolean => {
  if (code === 'NamespaceNotFound') return added.some((one) => one.ref.kind === 'Namespace' && one.ref.name === ref.namespace);
  return message.includes('does not support dry run') || ((code === 'Forbidden' || code === 'NotFound') && added.length > 0);
};
