import { keyOf, type ObjectRef } from '../core/object-ref.ts';
import type { PlacedObject, PlannedObject } from '../core/plan.ts';
import type { RecordHead } from '../core/record.ts';
import { mayHaveObjects } from '../core/release-state.ts';
import { plan, planAgain } from '../stages/plan.ts';
import { recall } from '../stages/recall.ts';
import type { Deps } from './deps.ts';
import type { Run } from './run.ts';

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

/** Every revision whose objects may be in the cluster, oldest first. */
export const earlierOf = (
  deps: Deps,
  { release, address, signal }: Pick<Run, 'address' | 'signal'> & { readonly release: Pick<Run['release'], 'metadata'> },
  records: readonly RecordHead[],
): Promise<readonly Earlier[]> =>
  Promise.all(
    mayHaveObjects(records).map(async (record) => {
      const standing = deps.standings.of(keyOf(release.metadata), address, record);
      if (standing !== undefined) return { record, firstDeployed: standing.firstDeployed, hookEvents: standing.hookEvents, objects: standing.objects };
      const { objects, hookEvents, firstDeployed } = await recall(deps, { owner: release.metadata, address, record }, signal);
      return { record, firstDeployed, hookEvents, objects: await planAgain(deps.cluster, objects, address.namespace, signal) };
    }),
  );

/** All the objects of these revisions. */
export const objectsOf = (earlier: readonly Earlier[]): readonly PlacedObject[] => earlier.flatMap((one) => one.objects);

/** Which objects they are. */
export const refsOf = (objects: readonly PlacedObject[]): readonly ObjectRef[] => objects.map(({ ref }) => ref);
