import { isPending, type RecordHead, type ReleaseAddress } from '../core/record.ts';
import { RecordInvalidError, type Records } from '../ports/records.ts';

/**
 * Has the records that stock helm made say that they were applied client-side, as ours do: to go back to one that says server-side, stock
 * helm would apply against our ownership, be refused, and leave no deployed revision. Returns the records as they are then. Rejects with ClusterError.
 */
export const inherit = (records: Records, address: ReleaseAddress, all: readonly RecordHead[], signal: AbortSignal): Promise<readonly RecordHead[]> =>
  Promise.all(all.map((record) => (record.notes === undefined && !isPending(record.status) ? inheritOne(records, address, record, signal) : record)));

const inheritOne = async (records: Records, address: ReleaseAddress, record: RecordHead, signal: AbortSignal): Promise<RecordHead> => {
  try {
    const { applyMethod } = await records.read(address, record, signal);
    return applyMethod === 'ssa' ? await records.mark(address, record, { status: record.status, applyMethod: 'csa' }, signal) : record;
  } catch (error) {
    // One that is none is of no use to helm either.
    if (!(error instanceof RecordInvalidError)) throw error;
    return record;
  }
};
