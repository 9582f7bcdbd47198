import type { Clock } from '../../src/ports/clock.ts';

/** The real time. `shrink` divides every wait by so much, for servers that ask for seconds; `random` decides what is left to chance. */
export const realClock = (shrink = 1, random: () => number = Math.random): Clock => ({
  now: () => Date.now(),
  elapsed: () => performance.now(),
  random,
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs / shrink);
    return () => clearTimeout(timer);
  },
});
