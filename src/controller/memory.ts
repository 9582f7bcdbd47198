import type { ChartRelease, ChartReleaseStatus } from '../api/chart-release.ts';
import { keyOf, type ObjectRef } from '../core/object-ref.ts';
import type { PlacedObject, PlannedObject } from '../core/plan.ts';
import { isSameAddress, type RecordHead, type ReleaseAddress } from '../core/record.ts';
import { mayHaveObjects } from '../core/release-state.ts';
import { RecordInvalidError } from '../ports/records.ts';
import { plan, planAgain } from '../stages/plan.ts';
import { recall } from '../stages/recall.ts';
import type { Deps } from './deps.ts';
import { namesOf, type Run } from './run.ts';

/** A revision as its record has it. */
export interface Stored {
  readonly planned: readonly PlannedObject[];
  /** Events that it has hooks for. */
  readonly hookEvents: readonly string[];
  /** When the release was first deployed, RFC 3339. */
  readonly firstDeployed: string;
}

/** Reads a revision back from its record, to apply it. */
export const storedOf = async (deps: Deps, { release, address, signal }: Run, record: RecordHead): Promise<Stored> => {
  const { objects, hookEvents, firstDeployed } = await recall(deps, { owner: release.metadata, address, record }, signal);
  return { planned: await plan(deps.cluster, objects, address.namespace, signal), hookEvents, firstDeployed };
};

/** A revision that may have left objects in the cluster, and which they are. */
export interface Earlier {
  readonly record: RecordHead;
  readonly objects: readonly PlacedObject[];
  /** Events that it has hooks for. */
  readonly hookEvents: readonly string[];
  /** When the release was first deployed, RFC 3339. */
  readonly firstDeployed: string;
}

/** Every revision whose objects may be in the cluster, oldest first, but those that cannot be read: nothing is deleted on their account. */
export const earlierOf = async (
  deps: Deps,
  { release, address, signal }: Pick<Run, 'address' | 'signal'> & { readonly release: Pick<Run['release'], 'metadata'> },
  records: readonly RecordHead[],
): Promise<readonly Earlier[]> => {
  const found = await Promise.all(
    mayHaveObjects(records).map(async (record): Promise<readonly Earlier[]> => {
      const standing = deps.standings.of(keyOf(release.metadata), address, record);
      if (standing !== undefined) return [{ record, firstDeployed: standing.firstDeployed, hookEvents: standing.hookEvents, objects: standing.objects }];
      try {
        const { objects, hookEvents, firstDeployed } = await recall(deps, { owner: release.metadata, address, record }, signal);
        return [{ record, firstDeployed, hookEvents, objects: await planAgain(deps.cluster, objects, address.namespace, signal) }];
      } catch (error) {
        if (!(error instanceof RecordInvalidError)) throw error;
        deps.logger.warn({ ...namesOf(release.metadata), secret: record.secret, error: error.message }, 'a Helm release record cannot be read; nothing is deleted on its account');
        return [];
      }
    }),
  );
  return found.flat();
};

/** The objects of the deployed revision as status names them, also where its record is damaged or gone; none while the release moves. */
export const toldOf = ({ status }: Pick<ChartRelease, 'status'>, address: ReleaseAddress): readonly PlacedObject[] => {
  const [only, ...others] = status.releases ?? [];
  return only === undefined || others.length > 0 || !isSameAddress(only, address) ? [] : inventoryOf(status);
};

/** The objects in status, wherever the release is. */
export const inventoryOf = (status: ChartReleaseStatus): readonly PlacedObject[] =>
  (status.inventory ?? []).map((entry) => ({ ref: { ...entry, namespace: entry.namespace ?? '' }, source: '', isKept: false, digest: '' }));

/** All the objects of these revisions. */
export const objectsOf = (earlier: readonly Earlier[]): readonly PlacedObject[] => earlier.flatMap((one) => one.objects);

/** Which objects they are. */
export const refsOf = (objects: readonly PlacedObject[]): readonly ObjectRef[] => objects.map(({ ref }) => ref);
