import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { exitOnSignals } from '../lab/signals.ts';
import { wholeNumber } from '../setting.ts';
import { progressOn } from '../tools/progress.ts';
import { STUCK } from './chart.ts';
import { type Scene, type Span, Stage } from './scene.ts';

/** The revision fails after this long. */
const TIMEOUT_S = 20;
const GRACE_S = 30;
const PATIENCE_MS = 900_000;
const REST_MS = 30_000;
/** Kinds of requests that are named. */
const KINDS = 12;

/** A tag moves to a digest that never becomes ready: nobody but those who roll tries it, and these come back. */
const undone = async (stage: Stage, releases: number, most: number, flags: readonly string[], cleanup: AsyncDisposableStack) => {
  const scene = await stage.scene(`undone-${flags.length}`, ['--max-rolling', String(most), ...flags], cleanup);
  await scene.push('1.0.0');
  await scene.create(releases, `${TIMEOUT_S}s`);
  await scene.until(({ InstallSucceeded = 0 }) => InstallSucceeded === releases, PATIENCE_MS);
  const bad = await scene.push('2.0.0', STUCK);
  let reasons = {};
  const span = await stage.during(scene.operator, async () => {
    reasons = await scene.until(({ RolledBack = 0, DigestSuspect = 0 }) => RolledBack + DigestSuspect === releases, PATIENCE_MS);
  });
  const { mostAtOnce, opened } = await scene.move(bad);
  const notBack = await scene.notBack(releases, '1.0.0');
  console.log(`\n${releases} releases, a digest that never becomes ready, timeout ${TIMEOUT_S} s, --max-rolling ${most} ${flags.join(' ')}`);
  console.log(`  all at an end ${span.seconds.toFixed(1)} s after the push (the tag is looked at every 10 s): ${JSON.stringify(reasons)}`);
  console.log(`  rolling at once, by etcd's history: ${mostAtOnce} at most; ${opened.size} have opened it; not back byte for byte: ${notBack.length}`);
  describe(span);
  await scene.operator.stop();
  return { isBraked: mostAtOnce <= most, isBack: notBack.length === 0, seconds: span.seconds, opened: opened.size };
};

/** All fail at once, without a brake. */
const failing = async (stage: Stage, releases: number, cleanup: AsyncDisposableStack): Promise<void> => {
  const scene = await stage.scene('failing', ['--max-rolling', '10000', '--suspect-after', '0'], cleanup);
  await scene.push('1.0.0', STUCK);
  console.log(`\n${releases} installs that never become ready, timeout ${TIMEOUT_S} s, without a brake`);
  await steps(stage, scene, releases, 'InstallFailed', `${TIMEOUT_S}s`);
  await scene.operator.stop();
};

/** None can be rendered, so that each is tried again after a growing pause. */
const refused = async (stage: Stage, releases: number, cleanup: AsyncDisposableStack): Promise<void> => {
  const scene = await stage.scene('refused', [], cleanup);
  await scene.push('1.0.0', { 'templates/fail.yaml': '{{ fail "on purpose" }}' });
  console.log(`\n${releases} installs whose chart cannot be rendered, default flags`);
  await steps(stage, scene, releases, 'RenderFailed', '5m');
  await scene.operator.stop();
};

const steps = async (stage: Stage, scene: Scene, releases: number, reason: string, timeout: string): Promise<void> => {
  const onset = await stage.during(scene.operator, async () => {
    await scene.create(releases, timeout);
    await scene.until((reasons) => (reasons[reason] ?? 0) === releases, PATIENCE_MS);
  });
  console.log(`  until all are ${reason}: ${onset.seconds.toFixed(1)} s`);
  describe(onset);
  await delay(REST_MS);
  const after = await stage.during(scene.operator, () => delay(REST_MS));
  console.log(`  ${REST_MS / 1000} s later, for ${REST_MS / 1000} s: ${(after.traffic.requests / after.seconds).toFixed(1)} requests/s`);
  describe(after);
};

const describe = ({ traffic, cpuPercent }: Span): void => {
  const { requests, peak, median, kinds, refused: turnedAway } = traffic;
  console.log(
    `  operator: ${requests} requests, ${peak} in the busiest second, ${median} in the median one, ${turnedAway} answered with 429 or 5xx; ${cpuPercent.toFixed(0)} % of a core`,
  );
  for (const [kind, number] of kinds.slice(0, KINDS)) console.log(`    ${String(number).padStart(6)}  ${kind}`);
};

const [releases, most, many] = [wholeNumber('N', 200), wholeNumber('MAX_ROLLING', 50), wholeNumber('MANY', 1000)];
exitOnSignals();
const cleanup = new AsyncDisposableStack();
try {
  const dir = cleanup.adopt(await mkdtemp(path.join(tmpdir(), 'tagalong-fleet-')), (it) => rm(it, { recursive: true, force: true }));
  const stage = await Stage.open(dir, progressOn(process.stderr), cleanup);
  const held = await undone(stage, releases, most, [], cleanup);
  const all = await undone(stage, releases, most, ['--suspect-after', '0'], cleanup);
  await failing(stage, many, cleanup);
  await refused(stage, many, cleanup);
  const isGood = held.isBraked && held.isBack && all.isBraked && all.isBack && held.seconds <= TIMEOUT_S + GRACE_S && held.opened <= most;
  console.log(
    `\nfleet: ${isGood ? 'as promised' : 'NOT as promised'}: at most ${most} at once, all back byte for byte, ${held.seconds.toFixed(1)} s of ${TIMEOUT_S + GRACE_S} s with ${held.opened} tried`,
  );
  process.exitCode = isGood ? 0 : 1;
} catch (error) {
  console.error(`\nThe fleet failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  await cleanup.disposeAsync();
}
