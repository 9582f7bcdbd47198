import type { RecordHead, ReleaseAddress } from '../core/record.ts';
import { RecordInvalidError, type Records } from '../ports/records.ts';

/**
 * What the cluster has of a release: the heads of its records, oldest first. A record of ours that somebody else has written since, and the
 * newest whoever wrote it, is read once, and comes with its damage where it cannot be: nothing is decided by it then.
 */
export const observe = async (records: Records, address: ReleaseAddress, signal: AbortSignal): Promise<readonly RecordHead[]> => {
  const heads = await records.list(address, signal);
  const newest = heads.at(-1);
  const doubtful = heads.filter((head) => head.isTouched === true && head.damage === undefined && (head.notes !== undefined || head === newest));
  if (doubtful.length === 0) return heads;
  await Promise.all(doubtful.map((head) => records.read(address, head, signal).catch(unlessInvalid)));
  return records.list(address, signal);
};

/** The next list says so. */
const unlessInvalid = (error: unknown): void => {
  if (!(error instanceof RecordInvalidError)) throw error;
};
