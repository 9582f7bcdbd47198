import type { Clock } from '../../src/ports/clock.ts';
import type { Random } from '../seeded.ts';
import type { Life, Timeline } from './timeline.ts';

/** The timeline's time for one process; its timers end with it. */
export class SimulatedClock implements Clock {
  readonly #timeline: Timeline;
  readonly #random: Random;
  readonly #life: Life;

  constructor(timeline: Timeline, random: Random, life: Life) {
    this.#timeline = timeline;
    this.#random = random;
    this.#life = life;
  }

  now(): number {
    return this.#timeline.now;
  }

  elapsed(): number {
    return this.#timeline.now;
  }

  random(): number {
    return this.#random();
  }

  after(delayMs: number, callback: () => void): () => void {
    return this.#timeline.after(delayMs, 'timer', callback, this.#life);
  }
}
