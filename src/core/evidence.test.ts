import { expect, it } from 'vitest';
import { type Evidence, evidenceOf } from './evidence.ts';
import type { RecordHead, RecordStatus, RevisionNotes } from './record.ts';

const foreign = (revision: number, status: RecordStatus): RecordHead => ({
  secret: `sh.helm.release.v1.app.v${revision}`,
  revision,
  status,
  resourceVersion: '1',
  createdAt: revision,
  modifiedAt: revision + 10,
  endedAt: undefined,
  notes: undefined,
});

const ours = (revision: number, status: RecordStatus, chartDigest: string, more: Partial<RevisionNotes> = {}): RecordHead => {
  const notes = { uid: 'uid', chartRelease: 'apps/app', chartDigest, attempt: 1, ...more } as RevisionNotes; // what is not looked at is left out
  return { ...foreign(revision, status), notes };
};

/** Notes of a revision that brings an earlier one back because this digest failed. */
const undoing = (chartDigest: string): Partial<RevisionNotes> => {
  const failed = { revision: 2, chartDigest, valuesDigest: '', generation: 1, reference: '', attempt: 1, why: '' };
  return { action: 'rollback', returns: { kind: 'Failed', to: 1, failed } };
};

const evidence = (more: Partial<Evidence> = {}): Evidence => ({ key: 'apps/app', isRolling: false, triesOut: undefined, failure: undefined, readyOn: [], ...more });

it.each<readonly [string, readonly RecordHead[], Evidence | undefined]>([
  ['says nothing of no records', [], undefined],
  ["says nothing of somebody else's release", [foreign(1, 'superseded'), foreign(2, 'pending-upgrade')], undefined],
  ['says nothing of a record without the name of its ChartRelease', [ours(1, 'pending-install', 'new', { chartRelease: '' })], undefined],
  ['is rolling while a revision is open', [ours(1, 'deployed', 'old'), ours(2, 'pending-upgrade', 'new')], evidence({ isRolling: true, triesOut: 'new', readyOn: ['old'] })],
  ['is not rolling where somebody has made another revision since', [ours(1, 'pending-install', 'new'), foreign(2, 'deployed')], evidence()],
  ["is not rolling while somebody's helm is at work", [ours(1, 'deployed', 'old'), foreign(2, 'pending-upgrade')], evidence({ readyOn: ['old'] })],
  ['has failed where the newest revision has', [ours(1, 'failed', 'new')], evidence({ failure: { digest: 'new', at: 11 } })],
  [
    'is rolling until what failed is undone, where it may be',
    [ours(1, 'deployed', 'old'), ours(2, 'failed', 'new')],
    evidence({ isRolling: true, failure: { digest: 'new', at: 12 }, readyOn: ['old'] }),
  ],
  ['has not failed where it has moved on', [ours(1, 'failed', 'bad'), ours(2, 'deployed', 'good')], evidence({ readyOn: ['good'] })],
  ['has not failed where it was left for something newer', [ours(1, 'failed', 'bad'), ours(2, 'pending-install', 'good')], evidence({ isRolling: true, triesOut: 'good' })],
  [
    'has failed while it goes back, and is rolling',
    [ours(1, 'deployed', 'old'), ours(2, 'failed', 'new'), ours(3, 'pending-rollback', 'old', undoing('new'))],
    evidence({ isRolling: true, failure: { digest: 'new', at: 3 }, readyOn: ['old'] }),
  ],
  [
    'has failed when it is back',
    [ours(1, 'superseded', 'old'), ours(2, 'failed', 'new'), ours(3, 'deployed', 'old', undoing('new'))],
    evidence({ failure: { digest: 'new', at: 3 }, readyOn: ['old'] }),
  ],
  [
    'has failed where going back failed too',
    [ours(1, 'deployed', 'old'), ours(2, 'failed', 'new'), ours(3, 'failed', 'old', undoing('new'))],
    evidence({ failure: { digest: 'new', at: 3 }, readyOn: ['old'] }),
  ],
  [
    'has failed while the same is tried again',
    [ours(1, 'superseded', 'old'), ours(3, 'deployed', 'old', undoing('new')), ours(4, 'pending-upgrade', 'new', { attempt: 2 })],
    evidence({ isRolling: true, triesOut: 'new', failure: { digest: 'new', at: 4 }, readyOn: ['old'] }),
  ],
  [
    'has not failed any more when that became ready',
    [ours(3, 'superseded', 'old', undoing('new')), ours(4, 'deployed', 'new', { attempt: 2 })],
    evidence({ readyOn: ['old', 'new'] }),
  ],
  ['has failed where it was uninstalled for that', [ours(1, 'uninstalled', 'new')], evidence({ failure: { digest: 'new', at: 11 } })],
  ['was ready on every digest that was deployed once', [ours(1, 'superseded', 'a'), ours(2, 'superseded', 'b'), ours(3, 'deployed', 'b')], evidence({ readyOn: ['a', 'b'] })],
  [
    'belongs to who made the newest record',
    [ours(1, 'superseded', 'a', { chartRelease: 'apps/was' }), ours(2, 'deployed', 'a', { chartRelease: 'apps/is' })],
    evidence({ key: 'apps/is', readyOn: ['a'] }),
  ],
])('%s', (_name, records, expected) => {
  expect(evidenceOf(records)).toEqual(expected);
});
