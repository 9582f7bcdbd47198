import type { ObjectRef } from '../core/object-ref.ts';
import type { PlannedObject } from '../core/plan.ts';
import type { RecordHead } from '../core/record.ts';
import { mayHaveObjects } from '../core/release-state.ts';
import { plan, planAgain } from '../stages/plan.ts';
import { recall } from '../stages/recall.ts';
import type { Deps } from './deps.ts';
import type { Run } from './run.ts';

/** The objects of a revision, from its record. */
export const planOf = async (deps: Deps, { release, address, signal }: Run, record: RecordHead): Promise<readonly PlannedObject[]> => {
  const { objects } = await recall(deps, { owner: release.metadata, address, record }, signal);
  return plan(deps.cluster, objects, address.namespace, signal);
};

/** A revision that may have left objects in the cluster, and which they are. */
export interface Earlier {
  readonly record: RecordHead;
  readonly objects: readonly PlannedObject[];
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
      const { objects, firstDeployed } = await recall(deps, { owner: release.metadata, address, record }, signal);
      return { record, firstDeployed, objects: await planAgain(deps.cluster, objects, address.namespace, signal) };
    }),
  );

/** All the objects of these revisions. */
export const objectsOf = (earlier: readonly Earlier[]): readonly PlannedObject[] => earlier.flatMap((one) => one.objects);

/** Which objects they are. */
export const refsOf = (objects: readonly PlannedObject[]): readonly ObjectRef[] => objects.map(({ ref }) => ref);
