import type { Clock } from '../ports/clock.ts';
import { type QueueMetrics, SILENT_METRICS } from '../ports/metrics.ts';

const FIRST_MS = 500;
const MOST_MS = 20_000;
const HURRIED_MS = 2_000;

/**
 * Keys to be worked on, in the sense of client-go's workqueue: fair (first in, first out); a key that waits already is
 * not added twice; a key is never given to two workers at once; one that is added while it is worked on is given out
 * again after `done`.
 */
export class Workqueue {
  readonly #clock: Clock;
  readonly #metrics: QueueMetrics;
  readonly #waiting = new Set<string>();
  readonly #active = new Set<string>();
  readonly #again = new Set<string>();
  readonly #timers = new Map<string, () => void>();
  readonly #failures = new Map<string, number>();
  readonly #workers: ((key: string | undefined) => void)[] = [];
  #isClosed = false;

  constructor(clock: Clock, metrics: QueueMetrics = SILENT_METRICS.queue) {
    this.#clock = clock;
    this.#metrics = metrics;
  }

  /** Keys that wait for a worker. */
  get depth(): number {
    return this.#waiting.size;
  }

  add(key: string): void {
    if (this.#isClosed || this.#waiting.has(key) || this.#again.has(key)) return;
    this.#metrics.added(key);
    if (this.#active.has(key)) this.#again.add(key);
    else this.#offer(key);
  }

  /** Adds the key after that many milliseconds, in place of an earlier wish of this kind. */
  addAfter(key: string, delayMs: number): void {
    this.#timers.get(key)?.();
    this.#timers.delete(key);
    if (this.#isClosed) return;
    const cancel = this.#clock.after(Math.max(0, delayMs), () => {
      this.#timers.delete(key);
      this.add(key);
    });
    this.#timers.set(key, cancel);
  }

  /** Adds the key after a pause that grows with each failure: 0.5 s doubling to 20 s, with half of it jitter. */
  addRateLimited(key: string): void {
    this.#metrics.retried();
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    const pauseMs = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 10));
    this.addAfter(key, pauseMs * (0.5 + this.#clock.random() / 2));
  }

  /** What made runs fail is over: keys that `addRateLimited` has put off are added in the next seconds. */
  hurry(): void {
    for (const key of this.#failures.keys()) {
      if (this.#timers.has(key)) this.addAfter(key, HURRIED_MS * this.#clock.random());
    }
  }

  /** Ends what `addAfter` and `addRateLimited` began for the key. */
  forget(key: string): void {
    this.#failures.delete(key);
    this.#timers.get(key)?.();
    this.#timers.delete(key);
  }

  /** The next key, as soon as there is one; undefined once the queue is closed. The worker must call `done`. */
  get(): Promise<string | undefined> {
    if (this.#isClosed) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const [key] = this.#waiting;
      if (key === undefined) this.#workers.push(resolve);
      else this.#give(key, resolve);
    });
  }

  done(key: string): void {
    this.#active.delete(key);
    this.#metrics.done(key);
    if (this.#again.delete(key) && !this.#isClosed) this.#offer(key);
  }

  /** Gives nothing out any more, and lets waiting workers go. */
  close(): void {
    this.#isClosed = true;
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    for (const worker of this.#workers.splice(0)) worker(undefined);
  }

  #offer(key: string): void {
    const worker = this.#workers.shift();
    if (worker === undefined) this.#waiting.add(key);
    else this.#give(key, worker);
  }

  #give(key: string, worker: (key: string) => void): void {
    this.#waiting.delete(key);
    this.#active.add(key);
    this.#metrics.taken(key);
    worker(key);
  }
}
