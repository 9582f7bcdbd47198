import { setTimeout as delay } from 'node:timers/promises';
import { chartOf } from '../crash/charts.ts';
import { violationsIn } from '../crash/invariants.ts';
import { siteHistory } from '../crash/site-history.ts';
import type { Ground } from '../lab/ground.ts';
import type { Random } from '../seeded.ts';
import { isWrite, leads, Pair, takenAt, writesOf } from './pair.ts';

/** Releases that follow one tag. */
const RELEASES = Array.from({ length: 6 }, (_, at) => `web${at}`);
/** How many writes a leader of these does at least when the tag moves. */
const WRITES = RELEASES.length * 6;
/** How long after the other has taken over it is let go on. */
const MAX_EXTRA_MS = 2_000;

/** A leader was stopped in the middle of its work, and let go on when he had lost the Lease. */
export interface Pause {
  /** At which of his writes. */
  readonly nth: number;
  readonly pausedMs: number;
  /** From his end to the request that took the Lease. */
  readonly takenAfterMs: number;
  /** What came to his proxy after he had lost it. */
  readonly writesAfterLoss: readonly string[];
  readonly exitCode: number | null;
}

export interface PausesReport {
  readonly pauses: readonly Pause[];
  /** Where the history of the releases breaks an invariant. */
  readonly violations: readonly string[];
}

/** Moves a tag so many times, and stops the leader each time while he upgrades; `told` hears of every one. */
export const pauseLeaders = async (
  ground: Ground,
  { times, random, told }: { readonly times: number; readonly random: Random; readonly told: (pause: Pause) => void },
): Promise<PausesReport> => {
  const pair = await Pair.open(ground, 'leader');
  try {
    const pushed = new Map<string, string>();
    await move(pair, 1, pushed);
    await settled(pair, 1);
    const pauses: Pause[] = [];
    for (let time = 1; time <= times; time += 1) {
      const pause = await pauseOnce(pair, { nth: 1 + Math.floor(random() * WRITES), extraMs: random() * MAX_EXTRA_MS }, () => move(pair, time + 1, pushed));
      await settled(pair, time + 1);
      pauses.push(pause);
      told(pause);
    }
    const steps = await historyOf(pair);
    return { pauses, violations: violationsIn(steps, pushed).map(({ release, invariant, at, message }) => `${release}: ${invariant}: ${message}, etcd revision ${at}`) };
  } finally {
    await pair.close();
  }
};

const pauseOnce = async (pair: Pair, { nth, extraMs }: { readonly nth: number; readonly extraMs: number }, begin: () => Promise<void>): Promise<Pause> => {
  const { site, leader, standby, times } = pair;
  const frozen = freezeAt(pair, nth);
  await begin();
  const frozenAt = await frozen;
  await leads(site, standby);
  await delay(extraMs);
  leader.operator.thaw();
  const pausedMs = Date.now() - frozenAt;
  const exitCode = await leader.operator.ended;
  const taken = takenAt(standby);
  // By his own time he has lost it sooner than by that of the other.
  const lostAt = Math.min(taken, frozenAt + times.renewDeadlineMs);
  const writesAfterLoss = writesOf(leader)
    .filter(({ at }) => at >= lostAt)
    .map(({ at, verb, path }) => `${verb} ${path}, ${at - lostAt} ms after the loss`);
  await pair.succeed();
  return { nth, pausedMs, takenAfterMs: taken - frozenAt, writesAfterLoss, exitCode };
};

/** Stops the leader when its n-th write from now on comes to its proxy; the others that are on their way then come too. */
const freezeAt = ({ leader }: Pair, nth: number): Promise<number> => {
  const { promise, resolve } = Promise.withResolvers<number>();
  let seen = 0;
  // A rule that means nothing: it is asked about every request.
  const rule = leader.proxy.steer({
    isMeant: (call) => {
      if (!isWrite(call)) return false;
      seen += 1;
      if (seen !== nth) return false;
      leader.operator.freeze();
      rule.lift();
      resolve(Date.now());
      return false;
    },
    fault: { kind: 'Reset' },
  });
  return promise;
};

/** Moves the tag that all releases follow, and has them looked at. */
const move = async ({ site }: Pair, revision: number, pushed: Map<string, string>): Promise<void> => {
  const version = `${revision}.0.0`;
  const digest = await site.push('web', 'stable', chartOf(version, { deployment: true }));
  for (const release of RELEASES) pushed.set(`${release} ${version}`, digest);
  const bring = (release: string) => (revision === 1 ? site.release(release, { chart: site.reference('web', 'stable'), historyLimit: 100 }) : site.lookNow(release));
  await Promise.all(RELEASES.map(bring));
};

const settled = ({ site }: Pair, revision: number): Promise<unknown> => Promise.all(RELEASES.map((release) => site.ready(release, revision)));

const historyOf = async (pair: Pair) => {
  await Promise.all([pair.leader, pair.standby].map(({ operator }) => operator.stop()));
  return siteHistory(pair.site);
};
