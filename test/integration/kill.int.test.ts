import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { livesOf, printMoment } from '../crash/moments.ts';
import { breachesIn, closeLane, historyOf, type Lane, leftAfter, openLane, revisionsIn, run } from './lane.ts';

// SEED=n vitest ...: the same moments again.
const SEED = Number(process.env['SEED'] ?? Date.now() % 100_000);
const LANES = 3;
const TEST_MS = 600_000;

describe(`an operator that is killed at 39 moments (SEED=${SEED})`, () => {
  const courses = livesOf(SEED).map((life, at) => ({ release: `r${at}`, life }));
  let lanes: readonly Lane[] = [];
  beforeAll(async () => {
    lanes = await Promise.all(Array.from({ length: LANES }, openLane));
  });
  afterAll(() => Promise.all(lanes.map(closeLane)));

  it('always ends right when it is started again, and breaks no invariant on the way', { timeout: TEST_MS }, async () => {
    const moments = courses.flatMap(({ life }) => life);
    console.log([`SEED=${SEED}: killed at ${moments.length} moments`, ...moments.map(printMoment).toSorted()].join('\n'));
    const wrong = await Promise.all(
      lanes.map((lane, of) =>
        run(
          lane,
          courses.filter((_, at) => at % LANES === of),
        ),
      ),
    );
    const ended = await Promise.all(lanes.map(async (lane) => ({ lane, steps: await historyOf(lane) })));
    const breaches = ended.flatMap(({ lane, steps }) => breachesIn(lane, steps));
    expect([...wrong.flat(), ...breaches], `SEED=${SEED}`).toEqual([]);
    for (const { lane, steps } of ended) {
      // One revision a change, and one more that undoes a failure; and nothing left of any release.
      expect(revisionsIn(steps)).toEqual(lane.revisions);
      expect(leftAfter(steps)).toEqual([]);
    }
  });
});
