import { describe, expect, it } from 'vitest';
import { unaskedCauses } from '../../test/fakes/causes.ts';
import { FakeClock } from '../../test/fakes/clock.ts';
import type { Condition } from '../api/conditions.ts';
import type { ChartRelease } from '../api/chart-release.ts';
import { timestamp } from '../api/time.ts';
import type { RecordHead } from '../core/record.ts';
import { ClusterError } from '../ports/cluster.ts';
import type { Records } from '../ports/records.ts';
import { Contenders } from './pace/contenders.ts';
import { Homes } from './homes.ts';
import { Contests } from './drift/contests.ts';
import { Expectations } from './drift/expectations.ts';
import { Rollouts } from './rollouts.ts';
import { suspend } from './suspend.ts';

const suspendedRelease = (conditions: readonly Condition[]): ChartRelease =>
  ({ metadata: { namespace: 'apps', name: 'web', uid: 'u' }, spec: {}, status: { conditions } }) as unknown as ChartRelease; // what is not looked at is left out

const resting: Condition = { type: 'Suspended', status: 'True', reason: 'Suspended', message: '', observedGeneration: 1, lastTransitionTime: '2026-01-01T00:00:00Z' };

const record = (revision: number, status: RecordHead['status'], uid = 'u') => ({ revision, status, notes: { uid, chartRelease: '' } }) as RecordHead; // what is not looked at is left out

const outcomeAt = (
  clock: FakeClock,
  followers: Set<string>,
  conditions: readonly Condition[] = [],
  list: () => Promise<readonly RecordHead[]> = async () => [],
  waiting = new Set<string>(),
) => {
  const tags = {
    follow: () => Promise.reject(new Error('a tag is followed')),
    followRange: () => Promise.reject(new Error('a range is followed')),
    unfollow: (key: string) => void followers.delete(key),
  };
  return suspend(
    {
      tags,
      sources: { read: () => Promise.reject(new Error('values are read')), forget: () => undefined },
      records: { list } as unknown as Records, // nothing else of them is asked
      rollouts: new Rollouts(),
      causes: unaskedCauses((key) => waiting.delete(key)),
      contenders: new Contenders(() => undefined),
      homes: new Homes(() => undefined),
      expectations: new Expectations(),
      contests: new Contests(),
      clock,
    },
    suspendedRelease(conditions),
    new AbortController().signal,
  );
};

it('lets go of the tag, and says since when it rests', async () => {
  const [clock, followers] = [new FakeClock(), new Set(['apps/web', 'apps/api'])];
  expect(await outcomeAt(clock, followers)).toEqual({ reason: 'Suspended', message: `suspended since ${timestamp(clock.now())} by spec.suspend`, expiry: {}, records: [] });
  expect([...followers]).toEqual(['apps/api']);
});

it('waits no more for what was under way', async () => {
  const waiting = new Set(['apps/web', 'apps/api']);
  await outcomeAt(new FakeClock(), new Set(), [], undefined, waiting);
  expect([...waiting]).toEqual(['apps/api']);
});

it('rests since the condition says so, also in a new process', async () => {
  expect((await outcomeAt(new FakeClock(), new Set(), [resting])).message).toBe('suspended since 2026-01-01T00:00:00Z by spec.suspend');
});

it('tells of its own records, one that was opened a moment ago too', async () => {
  const records = [record(1, 'deployed'), record(2, 'pending-upgrade'), record(3, 'deployed', 'another')];
  expect((await outcomeAt(new FakeClock(), new Set(), [], async () => records)).records).toEqual(records.slice(0, 2));
});

describe('where they cannot be had', () => {
  const silent = () => Promise.reject(new ClusterError('Unavailable', 'nobody answers'));

  it('goes on to rest', async () => {
    const outcome = await outcomeAt(new FakeClock(), new Set(), [resting], silent);
    expect(outcome.reason).toBe('Suspended');
    expect(outcome).not.toHaveProperty('records');
  });

  it('does not begin to say so, for nobody knows what is under way', async () => {
    await expect(outcomeAt(new FakeClock(), new Set(), [], silent)).rejects.toThrow('nobody answers');
  });
});
