import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { wholeNumber } from '../setting.ts';
import { type Progress, progressOn } from '../tools/progress.ts';
import { OPERATOR } from './bundle.ts';
import { Course } from './phases.ts';
import { placesOf } from './releases.ts';
import { reportOf } from './report.ts';
import { type Results, summaryOf } from './results.ts';
import { openRig, type Rig } from './rig.ts';

/** What `make bench` was given. */
interface Wishes {
  readonly releases: number;
  readonly pairs: number;
  readonly restSeconds: number;
  /** File for the summary. */
  readonly json: string | undefined;
  /** The bundled operator, a file. */
  readonly bundle: string;
  /** Folder for a CPU profile of the operator. */
  readonly profile: string | undefined;
}

const wishesOf = (env: NodeJS.ProcessEnv): Wishes => ({
  releases: wholeNumber('N', 100),
  pairs: wholeNumber('PAIRS', 3),
  restSeconds: wholeNumber('REST', 60),
  json: env['JSON'] || undefined,
  bundle: env['BUNDLE'] || OPERATOR,
  profile: env['PROFILE'] || undefined,
});

const bench = async (wishes: Wishes, rig: Rig, progress: Progress, signal: AbortSignal): Promise<Results> => {
  const { releases } = wishes;
  const course = new Course(rig, placesOf(releases), signal);
  await course.lay();
  const install = await progress.during(`installing ${releases} releases`, () => course.install());
  await progress.during('preparing the floor', () => course.floor('Prepare'));
  const pairs: Results['pairs'][number][] = [];
  for (let pair = 1; pair <= wishes.pairs; pair += 1) {
    const upgrade = await progress.during(`pair ${pair}: moving the tag`, () => course.upgrade());
    const floor = await progress.during(`pair ${pair}: the floor`, () => course.floor('Pass'));
    pairs.push({ upgrade, floor });
  }
  const values = await progress.during('changing values', () => course.changeValues());
  const rest = await progress.during('resting', () => course.rest(wishes.restSeconds));
  return { releases, install, pairs, values, rest, rss: rig.meter.rssPeak };
};

const run = async (wishes: Wishes, signal: AbortSignal): Promise<Results> => {
  const progress = progressOn(process.stderr);
  await using cleanup = new AsyncDisposableStack();
  const dir = cleanup.adopt(await mkdtemp(path.join(tmpdir(), 'tagalong-bench-')), (it) => rm(it, { recursive: true, force: true }));
  const rig = await openRig({ dir, progress, bundle: wishes.bundle, profile: wishes.profile }, cleanup, signal);
  try {
    return await bench(wishes, rig, progress, AbortSignal.any([signal, rig.operator.ended]));
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\nThe operator's log ends with\n${await rig.operator.tail()}`, { cause: error });
  }
};

const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => interrupted.abort(new Error(`stopped by ${name}`)));

try {
  if (process.platform !== 'linux') throw new Error('CPU and memory are read from /proc: the bench needs Linux');
  const wishes = wishesOf(process.env);
  const load = loadavg()[0] ?? 0;
  if (load > 0.5) console.error(`the machine is busy already (load ${load.toFixed(1)}): compare nothing but neighbouring lines`);
  const results = await run(wishes, interrupted.signal);
  console.log(`\n${availableParallelism()} cores, load ${load.toFixed(1)} at the start\n${reportOf(results)}`);
  if (wishes.json !== undefined) await writeFile(wishes.json, `${JSON.stringify(summaryOf(results), null, 2)}\n`);
} catch (error) {
  console.error(`\nThe bench failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
