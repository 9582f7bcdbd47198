import type { RecordHead, ReleaseAddress } from '../core/record.ts';
import type { Records } from '../ports/records.ts';

/** What the cluster has of a release: the heads of its records, oldest first. */
export const observe = (records: Records, address: ReleaseAddress, signal: AbortSignal): Promise<readonly RecordHead[]> => records.list(address, signal);
