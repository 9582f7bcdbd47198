import type { Clock } from '../../ports/clock.ts';

// What setTimeout can count; beyond it, it fires at once.
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The real time. A timer that runs keeps the program alive. */
export class SystemClock implements Clock {
  now(): number {
    return Date.now();
  }

  elapsed(): number {
    return performance.now();
  }

  random(): number {
    return Math.random();
  }

  after(delayMs: number, callback: () => void): () => void {
    let timer: NodeJS.Timeout;
    const wait = (leftMs: number): void => {
      const legMs = Math.min(leftMs, LONGEST_TIMER_MS);
      timer = setTimeout(() => (leftMs > legMs ? wait(leftMs - legMs) : callback()), legMs);
    };
    wait(delayMs);
    return () => clearTimeout(timer);
  }
}
