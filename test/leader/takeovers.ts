import type { ElectionTimes } from '../../src/adapters/kube/leadership.ts';
import type { Ground } from '../lab/ground.ts';
import { leads, Pair, takenAt } from './pair.ts';

/** What users have who set nothing. */
const DEFAULT: ElectionTimes = { leaseMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000 };

/** How a leader ends: by SIGKILL, or by SIGTERM. */
export type End = 'kill' | 'stop';

/** Ends so many leaders, one after the other; how long it took each time from the signal until another had taken the Lease, in ms. */
export const takeovers = async (ground: Ground, times: number, end: End): Promise<readonly number[]> => {
  if (times === 0) return [];
  const pair = await Pair.open(ground, `takeover-${end}`, DEFAULT);
  const took: number[] = [];
  try {
    while (took.length < times) {
      const endedAt = Date.now();
      await pair.leader.operator[end]();
      await leads(pair.site, pair.standby);
      took.push(takenAt(pair.standby) - endedAt);
      await pair.succeed();
    }
    return took;
  } finally {
    await pair.close();
  }
};
