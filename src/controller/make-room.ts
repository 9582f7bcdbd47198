import { objectsToPrune, type PlannedObject, recordsToWait } from '../core/plan.ts';
import type { RecordHead } from '../core/record.ts';
import { beyondLimit } from '../core/release-state.ts';
import { clear } from './clear.ts';
import type { Deps } from './deps.ts';
import { type Earlier, objectsOf, refsOf } from './memory.ts';
import type { Run } from './run.ts';

/**
 * Deletes records beyond the history limit before a new one is written, so that a tag which moves from one failure to
 * the next does not fill the cluster. What only such a failed revision has left goes with its record: afterwards nobody
 * would know of it. What is in the cluster may be known from the newest record alone, or from one that has an object of the new revision, and what
 * is brought back from its own: those stay until the new one's record is there. Returns the records that are left.
 */
export const makeRoom = async (
  deps: Deps,
  run: Run,
  records: readonly RecordHead[],
  { planned, earlier, source }: { readonly planned: readonly PlannedObject[]; readonly earlier: readonly Earlier[]; readonly source?: RecordHead },
): Promise<readonly RecordHead[]> => {
  const { release, address, signal } = run;
  const beyond = new Set(beyondLimit(records, release.spec.historyLimit).filter((record) => record !== records.at(-1) && record.revision !== source?.revision));
  if (beyond.size === 0) return records;
  const [beyondIt, withinIt] = [earlier.filter(({ record }) => beyond.has(record)), earlier.filter(({ record }) => !beyond.has(record))];
  const waiting = recordsToWait(beyondIt, withinIt, refsOf(planned));
  const old = new Set([...beyond].filter((record) => !waiting.includes(record)));
  const [leaving, staying] = [earlier.filter(({ record }) => old.has(record)), earlier.filter(({ record }) => !old.has(record))];
  await clear(deps, run, objectsToPrune(objectsOf(leaving), refsOf([...planned, ...objectsOf(staying)])));
  for (const record of old) await deps.records.remove(address, record, signal);
  return records.filter((record) => !old.has(record));
};
