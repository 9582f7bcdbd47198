import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { exitOnSignals } from '../lab/signals.ts';
import { type Random, seeded } from '../seeded.ts';
import { wholeNumber } from '../setting.ts';
import { progressOn } from '../tools/progress.ts';
import { type Act, type Extent, nextAct } from './course.ts';
import { type Reading, readingOf } from './reading.ts';
import { growthIn, heapSlopeOf, printGrowth } from './verdict.ts';
import { Yard } from './yard.ts';

const HOUR_MS = 3_600_000;
/** Caches fill, code is compiled, histories reach their length: what is read in this time is no slope. */
const WARM_UP_SHARE = 1 / 3;
/**
 * So long everything works, then all rests and is read. What is in flight makes so much of every figure, and for minutes, that of readings at work
 * no slope can be told from the course that happened to be drawn. Of a short soak it is a twelfth.
 */
const WORK_MS = 300_000;
const LEAST_STRETCHES = 12;
const LEAST_PAUSE_MS = 1_000;
const MOST_PAUSE_MS = 12_000;
/** In the warm-up one thing comes right after the other, so that afterwards what is read is an operator that has been at it for long. */
const WARM_UP_HASTE = 20;
const SETTLED_MS = 120_000;
/** What is over has let go of its timers by then, and connections that nobody needs are closed. */
const QUIET_MS = 10_000;
const LOG_MS = 10_000;
const TAGS = 10;
const EXAMPLES = 3;
/** Every reading goes there too, as a JSON document a line. */
const FILE = process.env['READINGS'];

/** What came of a course. */
interface Course {
  readonly acts: ReadonlyMap<string, number>;
  /** What people were refused, and how often. */
  readonly refused: readonly string[];
  /** Of an operator at rest. */
  readonly readings: readonly Reading[];
  readonly slowestRestMs: number;
  /** Releases whose records were in disorder at rest. */
  readonly disorders: readonly string[];
  /** Lines in which the operator says that it is at fault. */
  readonly faults: ReadonlySet<string>;
}

/** Lets people and faults at it for so long, one thing after another, in stretches with a rest after each. */
const run = async (yard: Yard, random: Random, extent: Extent, forMs: number): Promise<Course> => {
  const course = { acts: new Map<string, number>(), refused: [] as string[], readings: [] as Reading[], slowestRestMs: 0, disorders: [] as string[], faults: new Set<string>() };
  const began = Date.now();
  const work = async (stretchMs: number): Promise<void> => {
    const haste = Date.now() - began < forMs * WARM_UP_SHARE ? WARM_UP_HASTE : 1;
    for (const until = Date.now() + stretchMs; Date.now() < until; await delay((LEAST_PAUSE_MS + random() * (MOST_PAUSE_MS - LEAST_PAUSE_MS)) / haste)) {
      const next = nextAct(random, extent);
      const named = nameOf(next);
      course.acts.set(named, (course.acts.get(named) ?? 0) + 1);
      await yard.act(next).catch((error: unknown) => course.refused.push(`${named}: ${error instanceof Error ? error.message : String(error)}`));
    }
  };
  const rest = async (): Promise<void> => {
    const at = Date.now();
    await yard.calm();
    await yard.settled(SETTLED_MS);
    course.slowestRestMs = Math.max(course.slowestRestMs, Date.now() - at);
    course.disorders.push(...(await yard.disorders()));
    await delay(QUIET_MS);
    const reading = await readingOf({ pid: yard.operator.pid, metrics: `${yard.operator.url('metrics')}/metrics`, inspector: yard.inspector }, (Date.now() - began) / HOUR_MS);
    course.readings.push(reading);
    if (FILE !== undefined) await appendFile(FILE, `${JSON.stringify(reading)}\n`);
  };
  // Its last lines are kept, so that they are looked at more often than it rests.
  const look = (): void => {
    for (const line of yard.operator.log()) if (line.includes('a fault of the operator')) course.faults.add(line);
  };
  const looking = setInterval(look, LOG_MS);
  try {
    while (Date.now() - began < forMs) {
      await work(Math.min(WORK_MS, forMs / LEAST_STRETCHES));
      await rest();
    }
  } finally {
    clearInterval(looking);
  }
  look();
  return course;
};

const nameOf = (act: Act): string => {
  if (act.kind === 'push') return `push ${act.chart}`;
  if (act.kind === 'trouble') return act.trouble;
  return act.kind === 'cut' ? `cut ${act.way}` : act.kind;
};

/** A part of an hour will do for a look. */
const hoursOf = (text: string): number => {
  const hours = Number(text);
  if (!(hours > 0)) throw new Error(`HOURS=${text}: it takes a number above 0`);
  return hours;
};

exitOnSignals();
const cleanup = new AsyncDisposableStack();
try {
  const [hours, releases, seed] = [hoursOf(process.env['HOURS'] || '1'), wholeNumber('N', 200), wholeNumber('SEED', 1 + (Date.now() % 1_000_000))];
  const progress = progressOn(process.stderr);
  const dir = cleanup.adopt(await mkdtemp(path.join(tmpdir(), 'tagalong-soak-')), (it) => rm(it, { recursive: true, force: true }));
  const extent = { tags: TAGS, releases };
  const yard = await Yard.open({ dir, extent, progress }, cleanup);
  console.log(`${releases} releases of ${TAGS} tags, ${hours} h, SEED=${seed}`);
  await progress.during('installing all', async () => {
    await yard.fill();
    await yard.settled(SETTLED_MS);
  });
  const { acts, refused, readings, slowestRestMs, disorders, faults } = await progress.during(`people and faults at work for ${hours} h`, () =>
    run(yard, seeded(seed), extent, hours * HOUR_MS),
  );
  const warm = readings.filter(({ atHours }) => atHours >= hours * WARM_UP_SHARE);
  const complaints = [...growthIn(warm), ...disorders, ...[...faults].slice(0, EXAMPLES)];
  console.log(`acts: ${[...acts].map(([name, times]) => `${times} ${name}`).join(', ')}; ${refused.length} were refused${refused.length > 0 ? `, as ${refused[0]}` : ''}`);
  console.log(`first third to last and the slope, at rest, behind the warm-up: ${printGrowth(warm)}`);
  for (const complaint of complaints) console.log(`  ${complaint}`);
  console.log(
    `soak: ${hours} h, heap ${heapSlopeOf(warm).toFixed(2)} MiB/h, ${readings.length} rests, settled in ${(slowestRestMs / 1000).toFixed(1)} s at most, ${faults.size} faults of the operator, ${complaints.length} complaints`,
  );
  process.exitCode = complaints.length === 0 ? 0 : 1;
} catch (error) {
  console.error(`\nThe soak failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  await cleanup.disposeAsync();
}
