export interface BucketSize {
  readonly burst: number;
  readonly perSecond: number;
}

/** Lets so much happen at once, and then so much a second. */
export class TokenBucket {
  readonly #size: BucketSize;
  readonly #now: () => number;
  #left: number;
  #filledAt: number;

  /** `now` is a time in ms that only goes forward. */
  constructor(size: BucketSize, now: () => number) {
    this.#size = size;
    this.#now = now;
    this.#left = size.burst;
    this.#filledAt = now();
  }

  /** Takes one; false where none is left. */
  take(): boolean {
    const { burst, perSecond } = this.#size;
    const now = this.#now();
    this.#left = Math.min(burst, this.#left + ((now - this.#filledAt) / 1000) * perSecond);
    this.#filledAt = now;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
