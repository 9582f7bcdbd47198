import { expect, it } from 'vitest';
import type { RecordHead, RecordStatus, ReleaseAddress } from '../../core/record.ts';
import { recordHead, revisionNotes } from '../../../test/fakes/record-head.ts';
import { Brake } from './brake.ts';

const DIGEST = `sha256:${'b'.repeat(64)}`;

const setUp = () => {
  const woken: string[] = [];
  const brake = new Brake({ maxRolling: 2, suspectAfter: 2, isThere: () => true, wake: (key) => woken.push(key) });
  return { brake, woken };
};

const addressOf = (key: string): ReleaseAddress => ({ namespace: 'apps', releaseName: key.replace('n/', '') });

const record = (key: string, status: RecordStatus): RecordHead =>
  recordHead({ secret: '', status, notes: revisionNotes({ chartRelease: key, chartDigest: DIGEST, action: 'install' }) });

const asks = (brake: Brake, key: string, request?: string) => {
  brake.begin(key);
  const braked = brake.hold({ key, request }, DIGEST, 7);
  brake.end(key, braked ?? { reason: 'Progressing' });
  return braked;
};

it('goes by what the records say, as in the process before', () => {
  const { brake, woken } = setUp();
  for (const key of ['n/a', 'n/b']) brake.recordsChanged(addressOf(key), [record(key, 'pending-install')]);
  expect(asks(brake, 'n/c')).toEqual({ reason: 'RolloutQueued', message: 'waits for its turn: at most 2 roll out at a time (--max-rolling)', waitingSince: 7 });
  expect(brake.counts).toEqual({ rolling: 2, queued: 1, held: 0 });
  brake.recordsChanged(addressOf('n/a'), [record('n/a', 'deployed')]);
  expect(woken).toEqual(['n/c']);
  expect(asks(brake, 'n/c')).toBeUndefined();
});

it('holds back from what has failed, before anybody waits for a turn, until a record says that it is ready somewhere', () => {
  const { brake, woken } = setUp();
  for (const key of ['n/a', 'n/b']) brake.recordsChanged(addressOf(key), [record(key, 'failed')]);
  expect(asks(brake, 'n/c')).toMatchObject({
    reason: 'DigestSuspect',
    message: expect.stringMatching(/^holds back from b{12}: 2 or more ChartReleases have failed on it, n\/a first, /),
  });
  expect(brake.counts).toEqual({ rolling: 0, queued: 0, held: 1 });
  expect(asks(brake, 'n/d', 'now')).toBeUndefined();
  brake.recordsChanged(addressOf('n/d'), [record('n/d', 'deployed')]);
  expect([woken, brake.counts.held]).toEqual([['n/c'], 0]);
});

it('forgets a release whose records are gone', () => {
  const { brake } = setUp();
  brake.recordsChanged(addressOf('n/a'), [record('n/a', 'pending-install')]);
  brake.recordsChanged(addressOf('n/a'), []);
  expect(brake.counts.rolling).toBe(0);
});
