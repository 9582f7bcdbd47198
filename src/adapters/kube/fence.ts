import type { Term } from '../../core/record.ts';
import type { Clock } from '../../ports/clock.ts';

/** Whether this process may change anything in the cluster. */
export interface Fence {
  /** Asked for every request that changes something when it is about to leave, and true for that moment only. */
  isOpen(): boolean;
}

/** For who works alone. */
export const NO_FENCE: Fence = { isOpen: () => true };

export interface TenureOptions {
  readonly clock: Clock;
  /** How long the Lease may go without a renewal. It is shorter than what others wait by the time that a request is on its way. */
  readonly renewDeadlineMs: number;
  /** Told once, when this replica may not write any more: why. */
  readonly lost: (why: string) => void;
}

/**
 * The time in which this replica leads. Each renewal that succeeds prolongs it, counted from when that renewal was begun; when it is over it is
 * over for good. A timer ends it, and so does the first request that is about to leave too late: a process that was stopped wakes anywhere.
 */
export class Tenure implements Fence {
  readonly #options: TenureOptions;
  #term: Term | undefined;
  #untilMs = 0;
  #takeBack = (): void => undefined;

  constructor(options: TenureOptions) {
    this.#options = options;
  }

  /** Undefined while this replica does not lead. */
  get term(): Term | undefined {
    return this.#term;
  }

  /** The Lease was taken, by a request that was begun then, by the clock's `elapsed`. */
  begin(term: Term, begunMs: number): void {
    this.#term = term;
    this.#reach(begunMs);
  }

  /** It was renewed, by a request that was begun then. */
  prolong(begunMs: number): void {
    if (this.isOpen()) this.#reach(begunMs);
  }

  isOpen(): boolean {
    if (this.#term === undefined) return false;
    if (this.#options.clock.elapsed() < this.#untilMs) return true;
    this.lose(`the Lease was not renewed for ${this.#options.renewDeadlineMs / 1000} s`);
    return false;
  }

  /** Ends it, and says why. */
  lose(why: string): void {
    this.end();
    this.#options.lost(why);
  }

  /** Ends it, to hand the Lease on. */
  end(): void {
    this.#takeBack();
    this.#term = undefined;
  }

  #reach(begunMs: number): void {
    this.#untilMs = begunMs + this.#options.renewDeadlineMs;
    this.#takeBack();
    this.#wait();
  }

  /** A timer may be early by a moment: then there is another. */
  #wait(): void {
    const { clock } = this.#options;
    this.#takeBack = clock.after(this.#untilMs - clock.elapsed(), () => {
      if (this.isOpen()) this.#wait();
    });
  }
}
