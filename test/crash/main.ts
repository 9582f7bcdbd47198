import { prepareGround } from '../lab/ground.ts';
import { startRecorder } from '../lab/recorder.ts';
import { exitOnSignals } from '../lab/signals.ts';
import { wholeNumber } from '../setting.ts';
import { progressOn } from '../tools/progress.ts';
import { RECOVERY_MS } from './bounds.ts';
import type { Base } from './lane.ts';
import { type Counts, deedPoints, doublesOf, everyPoint, parsePoint, type Point, printPoint, spreadOf } from './points.ts';
import { SCENARIOS, type ScenarioName } from './scenarios.ts';
import type { Found } from './runner.ts';
import { countWrites, joined, printFound, type Report, runAll } from './sweep.ts';

// make crash: every write of every scenario. SCENARIO=a,b: of these alone. COUNT=n: n of all points, spread evenly. DOUBLE=n: n random double
// kills instead. SEED=n: the same random points again. REPLAY=point,point: these runs alone. LANES=n side by side.
const MOST_SHOWN = 40;
const TELL_EVERY = 50;
/** A scenario has a write or two more at times, as a status in between. */
const MOST_UNREACHED = 0.03;
/** A second kill often finds nothing left to write: others are drawn in place of those, so often at most. */
const MOST_TURNS = 8;

const env = (name: string): string | undefined => process.env[name] || undefined;

const list = (name: string): readonly string[] => (env(name) ?? '').split(',').filter((part) => part !== '');

const scenarios = (): readonly ScenarioName[] => {
  const wanted = list('SCENARIO');
  const unknown = wanted.find((name) => !SCENARIOS.some((one) => one === name));
  if (unknown !== undefined) throw new Error(`SCENARIO=${unknown}: there are ${SCENARIOS.join(', ')}`);
  return wanted.length === 0 ? SCENARIOS : SCENARIOS.filter((name) => wanted.includes(name));
};

const seed = wholeNumber('SEED', Date.now() % 100_000, 0);
const doubles = wholeNumber('DOUBLE', 0, 0);
const lanes = Math.max(1, wholeNumber('LANES', 4, 0));

let shown = 0;

exitOnSignals();
const cleanup = new AsyncDisposableStack();
try {
  const ground = cleanup.adopt(await prepareGround(progressOn(process.stderr)), (it) => it.close());
  const recorder = cleanup.adopt(startRecorder(ground.lab.etcd), (it) => it.close());
  const report = await sweep({ ...ground, recorder, recoveryMs: RECOVERY_MS });
  if (report.found.length > MOST_SHOWN) console.log(`and ${report.found.length - MOST_SHOWN} more violations`);
  const isWhole = doubles > 0 || report.unreached.length <= report.runs * MOST_UNREACHED;
  if (!isWhole) console.log(`too many writes did not come, so that nobody was killed there: ${report.unreached.slice(0, MOST_SHOWN).map(printPoint).join(', ')}`);
  console.log(`crash: ${report.runs} runs, ${report.found.length} violations, slowest recovery ${(report.slowestMs / 1000).toFixed(1)} s`);
  process.exitCode = report.found.length === 0 && isWhole ? 0 : 1;
} catch (error) {
  console.error(`\nThe crash sweep failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  await cleanup.disposeAsync();
}

/** Says what is found at once: a sweep takes a while. */
function show(found: Found): void {
  shown += 1;
  if (shown <= MOST_SHOWN) console.log(printFound(found));
}

async function sweep(base: Base): Promise<Report> {
  const replayed = list('REPLAY').map(parsePoint);
  if (replayed.length > 0) return during(base, replayed);
  const { counts, report } = await countWrites(base, lanes, scenarios(), show);
  console.log(`writes: ${[...counts].map(([name, count]) => `${name} ${count}`).join(', ')}`);
  const swept = doubles > 0 ? await doubly(base, counts) : await during(base, wanted(counts));
  console.log(`killed at ${reachedIn(swept)} points; at ${swept.unreached.length} the write did not come a second time`);
  return joined(report, swept);
}

/** So many double kills that have come about. */
async function doubly(base: Base, counts: Counts): Promise<Report> {
  console.log(`double kills: SEED=${seed}`);
  let report = await during(base, doublesOf(counts, doubles, seed));
  for (let turn = 1; turn < MOST_TURNS && reachedIn(report) < doubles; turn += 1)
    report = joined(report, await during(base, doublesOf(counts, doubles - reachedIn(report), seed + turn)));
  if (reachedIn(report) < doubles) throw new Error(`only ${reachedIn(report)} of ${doubles} second kills found something to write`);
  return report;
}

function wanted(counts: Counts): readonly Point[] {
  const few = wholeNumber('COUNT', 0, 0);
  if (few > 0) console.log(`SEED=${seed}`);
  return few > 0 ? spreadOf(counts, few, seed) : [...everyPoint(counts), ...deedPoints(counts)];
}

function reachedIn({ runs, unreached }: Report): number {
  return runs - unreached.length;
}

async function during(base: Base, points: readonly Point[]): Promise<Report> {
  const began = Date.now();
  return runAll(base, Math.min(lanes, points.length), points, {
    found: show,
    ran: (_point, _writes, done) => {
      if (done % TELL_EVERY === 0 || done === points.length) console.error(`${done} of ${points.length} runs after ${Math.round((Date.now() - began) / 1000)} s`);
    },
  });
}
