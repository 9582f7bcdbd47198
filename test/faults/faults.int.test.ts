import { expect, inject, it } from 'vitest';
import { seeded, shuffled } from '../seeded.ts';
import { PART_NAMES, type PartName, partRuns } from './parts.ts';
import { missedIn, runAll } from './run.ts';

// SEED=n vitest ...: the same runs again. `make faults` has all of them.
const SEED = Number(process.env['SEED'] ?? 1);
const FIELDS = 3;
const TEST_MS = 300_000;

/** So many may have waited in vain for an event that does not come each time. */
const MOST_BY_CHANCE = 1;

/** How many runs of each part are tried here. */
const SPREAD: Readonly<Record<PartName, number>> = { request: 5, watch: 3, surroundings: 0, stale: 2, unobserved: 3, intermediate: 3 };

it(`the operator gets over a few of the faults of make faults (SEED=${SEED})`, { timeout: TEST_MS }, async () => {
  const ground = { lab: inject('lab'), operatorProgram: inject('operatorProgram') };
  const random = seeded(SEED);
  const runs = (await partRuns(PART_NAMES, { ground, seed: SEED, fields: FIELDS })).filter(({ isSlow }) => isSlow !== true);
  const some = PART_NAMES.flatMap((part) =>
    shuffled(
      random,
      runs.filter(({ name }) => name.startsWith(`${part}/`)),
    ).slice(0, SPREAD[part]),
  );
  console.log([`SEED=${SEED}`, ...some.map(({ name }) => name)].join('\n'));
  const report = await runAll(ground, 'faults', some, FIELDS);
  expect(report.findings).toEqual([]);
  expect(report.runs + report.unmet.length).toBe(some.length);
  expect(missedIn(report, MOST_BY_CHANCE)).toEqual([]);
});
