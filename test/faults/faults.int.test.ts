import { expect, inject, it } from 'vitest';
import { pick, seeded, shuffled } from '../seeded.ts';
import { prepareGround } from '../lab/ground.ts';
import { SILENT } from '../tools/progress.ts';
import { outageReport } from './outages.ts';
import { PART_NAMES, type PartName, partRuns } from './parts.ts';
import { missedIn, runAll } from './run.ts';

// SEED=n vitest ...: the same runs again. `make faults` has all of them.
const SEED = Number(process.env['SEED'] ?? 1);
const FIELDS = 3;
const TEST_MS = 300_000;

/** Outages that are over in seconds; one of them is tried here. */
const SHORT_OUTAGES = ['apiserver-killed', 'etcd-killed', 'rights-removed'] as const;

/** So many may have waited in vain for an event that does not come each time. */
const MOST_BY_CHANCE = 1;

/** How many runs of each part are tried here. */
const SPREAD: Readonly<Record<PartName, number>> = { request: 5, watch: 3, surroundings: 2, stale: 2, unobserved: 3, intermediate: 3 };

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

it(`the operator gets over a short outage (SEED=${SEED})`, { timeout: TEST_MS }, async () => {
  // All others of a lab would share the trouble, so it has one of its own.
  await using cleanup = new AsyncDisposableStack();
  const ground = cleanup.adopt(await prepareGround(SILENT), (it) => it.close());
  const name = pick(seeded(SEED), SHORT_OUTAGES);
  console.log(`SEED=${SEED}\noutage/${name}`);
  const report = await outageReport(ground, SEED, [name]);
  expect(report.findings).toEqual([]);
  expect(missedIn(report, 0)).toEqual([]);
});
