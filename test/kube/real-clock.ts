import type { Clock } from '../../src/ports/clock.ts';

/** The real time. `shrink` divides every wait by so much, for servers that ask for seconds. */
export const realClock = (shrink = 1): Clock => ({
  now: () => Date.now(),
  random: () => Math.random(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs / shrink);
    return () => clearTimeout(timer);
  },
});
