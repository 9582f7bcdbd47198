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

/** The objects that a release may have in the cluster, from every record whose revision may have left some. */
export const planEarlier = async (
  deps: Deps,
  { release, address, signal }: Pick<Run, 'address' | 'signal'> & { readonly release: Pick<Run['release'], 'metadata'> },
  records: readonly RecordHead[],
): Promise<{ readonly objects: readonly PlannedObject[]; readonly firstDeployed: string | undefined }> => {
  const recalled = await Promise.all(mayHaveObjects(records).map((record) => recall(deps, { owner: release.metadata, address, record }, signal)));
  const objects = await planAgain(
    deps.cluster,
    recalled.flatMap((one) => one.objects),
    address.namespace,
    signal,
  );
  return { objects, firstDeployed: recalled[0]?.firstDeployed };
};
