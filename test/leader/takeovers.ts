import type { ElectionTimes } from '../../src/adapters/kube/leadership.ts';
import type { Ground } from '../lab/ground.ts';
import { leads, Pair, takenAt } from './pair.ts';

/** What users have who set nothing. */
const DEFAULT: ElectionTimes = { leaseMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000 };

/** Kills so many leaders, one after the other; how long it took each time until another had taken the Lease, in ms. */
export const takeovers = async (ground: Ground, kills: number): Promise<readonly number[]> => {
  if (kills === 0) return [];
  const pair = await Pair.open(ground, 'takeover', DEFAULT);
  const took: number[] = [];
  try {
    while (took.length < kills) {
      await pair.leader.operator.kill();
      const killedAt = Date.now();
      await leads(pair.site, pair.standby);
      took.push(takenAt(pair.standby) - killedAt);
      await pair.succeed();
    }
    return took;
  } finally {
    await pair.close();
  }
};
