import { play } from './seed.ts';
import type { Share } from './workers.ts';

/** Plays a share of seeds whenever it is told to, and tells what was wrong; ends with its parent. */
const playShare = async ({ first, seeds }: Share): Promise<void> => {
  const findings: [number, readonly string[]][] = [];
  for (let seed = first; seed < first + seeds; seed += 1) {
    const wrong = await play(seed);
    if (wrong.length > 0) findings.push([seed, wrong]);
  }
  if (process.connected) process.send?.(findings);
};

/** Refusals are answers here, and come by the hundred; the stack of one is seen where its seed is played alone. */
Error.stackTraceLimit = 0;

process.on('message', (share) => void playShare(share as Share)); // what workers.ts sends
