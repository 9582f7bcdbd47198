import { expect, it } from 'vitest';
import { FakeClock } from '../../test/fakes/clock.ts';
import type { Condition } from '../api/conditions.ts';
import type { ChartRelease } from '../api/chart-release.ts';
import { timestamp } from '../api/time.ts';
import { Contenders } from './pace/contenders.ts';
import { Homes } from './homes.ts';
import { Contests } from './drift/contests.ts';
import { Expectations } from './drift/expectations.ts';
import { Rollouts } from './rollouts.ts';
import { suspend } from './suspend.ts';

const suspendedRelease = (conditions: readonly Condition[]): ChartRelease => ({ metadata: { namespace: 'apps', name: 'web' }, status: { conditions } }) as unknown as ChartRelease; // what is not looked at is left out

const outcomeAt = (clock: FakeClock, followers: Set<string>, conditions: readonly Condition[] = []) => {
  const tags = { follow: () => Promise.reject(new Error('a tag is followed')), unfollow: (key: string) => void followers.delete(key) };
  return suspend(
    {
      tags,
      sources: { read: () => Promise.reject(new Error('values are read')), forget: () => undefined },
      rollouts: new Rollouts(),
      contenders: new Contenders(() => undefined),
      homes: new Homes(() => undefined),
      expectations: new Expectations(),
      contests: new Contests(),
      clock,
    },
    suspendedRelease(conditions),
  );
};

it('lets go of the tag, and says since when it rests', () => {
  const [clock, followers] = [new FakeClock(), new Set(['apps/web', 'apps/api'])];
  expect(outcomeAt(clock, followers)).toEqual({ reason: 'Suspended', message: `suspended since ${timestamp(clock.now())} by spec.suspend` });
  expect([...followers]).toEqual(['apps/api']);
});

it('rests since the condition says so, also in a new process', () => {
  const condition: Condition = { type: 'Suspended', status: 'True', reason: 'Suspended', message: '', observedGeneration: 1, lastTransitionTime: '2026-01-01T00:00:00Z' };
  expect(outcomeAt(new FakeClock(), new Set(), [condition]).message).toBe('suspended since 2026-01-01T00:00:00Z by spec.suspend');
});
