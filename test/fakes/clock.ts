import type { Clock } from '../../src/ports/clock.ts';

interface Timer {
  readonly dueAt: number;
  readonly callback: () => void;
}

/** Time that stands still until a test moves it, and chance that a test decides. */
export class FakeClock implements Clock {
  #now: number;
  readonly #random: () => number;
  readonly #timers = new Set<Timer>();

  constructor(startMs = 0, random: () => number = () => 0.5) {
    this.#now = startMs;
    this.#random = random;
  }

  now(): number {
    return this.#now;
  }

  elapsed(): number {
    return this.#now;
  }

  random(): number {
    return this.#random();
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { dueAt: this.#now + delayMs, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Timers that were set and neither fired nor taken back. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Moves time on, firing what falls due in its order, and lets promises settle after each. */
  async advance(byMs: number): Promise<void> {
    const until = this.#now + byMs;
    await settle();
    for (let timer = this.#next(until); timer !== undefined; timer = this.#next(until)) {
      this.#timers.delete(timer);
      this.#now = Math.max(this.#now, timer.dueAt);
      timer.callback();
      await settle();
    }
    this.#now = until;
  }

  #next(until: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) if (timer.dueAt <= until && (next === undefined || timer.dueAt < next.dueAt)) next = timer;
    return next;
  }
}

/** Lets everything run that waits for promises alone. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
