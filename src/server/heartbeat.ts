import type { Clock } from '../ports/clock.ts';
import type { Check } from './checks.ts';

const BEAT_MS = 1_000;
/** A loop that is late by this much is no longer slow but stuck. The longest work that does not yield takes well under a second. */
const STUCK_MS = 15_000;

/** Beats for as long as the event loop turns; asks nobody else. */
export class Heartbeat implements Check {
  readonly name = 'event-loop';
  readonly #clock: Clock;
  #beatAt: number;
  #cancel: () => void;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#beatAt = clock.now();
    this.#cancel = clock.after(BEAT_MS, () => this.#beat());
  }

  problem(): string | undefined {
    const lateMs = this.#clock.now() - this.#beatAt;
    return lateMs > STUCK_MS ? `the last heartbeat was ${Math.round(lateMs / 1000)} s ago` : undefined;
  }

  stop(): void {
    this.#cancel();
  }

  #beat(): void {
    this.#beatAt = this.#clock.now();
    this.#cancel = this.#clock.after(BEAT_MS, () => this.#beat());
  }
}
