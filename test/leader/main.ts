import { prepareGround } from '../lab/ground.ts';
import { exitOnSignals } from '../lab/signals.ts';
import { seeded } from '../seeded.ts';
import { wholeNumber } from '../setting.ts';
import { progressOn } from '../tools/progress.ts';
import { type Pause, pauseLeaders } from './pauses.ts';
import { takeovers } from './takeovers.ts';

// make leader: TIMES=n pauses, and KILLS=n kills, and as many stops, with the times that users have. SEED=n: the same moments again.
const times = wholeNumber('TIMES', 10);
const seed = wholeNumber('SEED', Date.now() % 100_000, 0);
const kills = wholeNumber('KILLS', 1, 0);

const MOST_TAKEOVER_MS = 20_000;
/** Whoever stands by asks every 2 s. */
const MOST_HANDOVER_MS = 3_000;

const tell = ({ nth, pausedMs, takenAfterMs, writesAfterLoss, exitCode }: Pause): void => {
  console.log(
    `  stopped at write ${nth} for ${seconds(pausedMs)}; taken over after ${seconds(takenAfterMs)}; ended with ${exitCode}, ${writesAfterLoss.length} writes after the loss`,
  );
  for (const write of writesAfterLoss) console.log(`    ${write}`);
};

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

exitOnSignals();
const cleanup = new AsyncDisposableStack();
try {
  const ground = cleanup.adopt(await prepareGround(progressOn(process.stderr)), (it) => it.close());
  console.log(`SEED=${seed}`);
  const { pauses, violations } = await pauseLeaders(ground, { times, random: seeded(seed), told: tell });
  for (const violation of violations) console.log(`  ${violation}`);
  const taken = await takeovers(ground, kills, 'kill');
  console.log(`killed with a Lease of 15 s, 10 s, 2 s: taken over after ${taken.map(seconds).join(', ')}`);
  const handedOver = await takeovers(ground, kills, 'stop');
  console.log(`stopped with the same: taken over after ${handedOver.map(seconds).join(', ')}`);
  const late = pauses.reduce((sum, { writesAfterLoss }) => sum + writesAfterLoss.length, 0);
  const isRight =
    late === 0 &&
    violations.length === 0 &&
    pauses.every(({ exitCode }) => exitCode === 1) &&
    taken.every((ms) => ms <= MOST_TAKEOVER_MS) &&
    handedOver.every((ms) => ms <= MOST_HANDOVER_MS);
  console.log(`${violations.length} violations; leader: ${pauses.length} pauses, ${late} writes after loss`);
  process.exitCode = isRight ? 0 : 1;
} catch (error) {
  console.error(`\nThe election failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  await cleanup.disposeAsync();
}
