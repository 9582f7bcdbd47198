import { printAddress, type RecordHead } from '../core/record.ts';
import { ClusterError } from '../ports/cluster.ts';
import type { Deps } from './deps.ts';
import type { Run } from './run.ts';

/**
 * Makes sure that the revision is the newest still, as far as the watch has it: a person's helm that rolls back from it comes first, and what both
 * write at once would be neither's. Rejects with a ClusterError that is a race.
 */
export const checkNewest = async ({ records }: Pick<Deps, 'records'>, { address, signal }: Pick<Run, 'address' | 'signal'>, { revision }: RecordHead): Promise<void> => {
  const newest = (await records.list(address, signal)).at(-1);
  if (newest?.revision === revision) return;
  throw new ClusterError(
    'Conflict',
    `revision ${revision} of ${printAddress(address)} is not the newest any more: ${newest === undefined ? 'its records are gone' : `there is ${newest.revision}`}`,
  );
};
