import { afterAll, expect, inject, it } from 'vitest';
import { startRecorder } from '../lab/recorder.ts';
import { printPoint, spreadOf } from './points.ts';
import { countWrites, printFound, runAll } from './sweep.ts';

// SEED=n vitest ...: the same points again: every scenario three times or more, every mode ten times. `make crash` has all of them.
const SEED = Number(process.env['SEED'] ?? 1);
const [POINTS, LANES] = [40, 3];
const TEST_MS = 900_000;

const recorder = startRecorder(inject('lab').etcd);
afterAll(() => recorder.close());

it(`an operator that is killed at ${POINTS} points of all scenarios always ends right when it is started again, and breaks no invariant on the way (SEED=${SEED})`, {
  timeout: TEST_MS,
}, async () => {
  // A bound that a busy machine keeps, too; what is promised is held to by make crash.
  const base = { lab: inject('lab'), operatorProgram: inject('operatorProgram'), recorder, recoveryMs: 100_000 };
  const { counts, report } = await countWrites(base, LANES);
  const points = spreadOf(counts, POINTS, SEED);
  console.log([`SEED=${SEED}: writes ${[...counts].map(([name, count]) => `${name} ${count}`).join(', ')}; killed at`, ...points.map(printPoint)].join('\n'));
  const swept = await runAll(base, LANES, points);
  expect([...report.found, ...swept.found].map(printFound), `SEED=${SEED}`).toEqual([]);
  expect(swept.unreached.length, 'writes that did not come a second time').toBeLessThan(POINTS / 4);
});
