import type { Evidence } from '../../core/evidence.ts';

export interface SuspectsOptions {
  /** On how many releases a chart digest must have failed; 0: none is ever suspected. */
  readonly after: number;
  /** Whether there is a ChartRelease with this key, which is not about to go. */
  readonly isThere: (key: string) => boolean;
  /** Whether it has a revision under way that comes to its end by itself. */
  readonly rolls: (key: string) => boolean;
  readonly wake: (key: string) => void;
}

interface Trial {
  /** Releases that have failed on the digest, and when, in s. */
  readonly failed: Map<string, number>;
  /** Releases with an open revision of it. */
  readonly open: Set<string>;
  /** How many Helm releases have become ready on it. */
  ready: number;
  /** The first that failed, once somebody asked. */
  first: string | undefined;
}

/** Why a release is held: the first that failed, and whether as many have as it takes, or that is still to be seen. */
export interface Suspicion {
  readonly first: string;
  readonly isConfirmed: boolean;
}

/**
 * Chart digests on which several releases have failed and none has become ready, by the word of their records. Releases that have not
 * tried yet are held, and woken when that is so no more. Once one has failed no more of them try than it takes to tell.
 */
export class Suspects {
  readonly #options: SuspectsOptions;
  readonly #trials = new Map<string, Trial>();
  readonly #held = new Map<string, Set<string>>();
  readonly #excused = new Map<string, string>();

  constructor(options: SuspectsOptions) {
    this.#options = options;
  }

  /** How many releases are held. */
  get held(): number {
    let held = 0;
    for (const keys of this.#held.values()) held += keys.size;
    return held;
  }

  /** The records of a Helm release say this now, and said that before. */
  changed(before: Evidence | undefined, now: Evidence | undefined): void {
    if (before !== undefined) this.#count(before, -1);
    if (now !== undefined) this.#count(now, 1);
    this.review();
  }

  /** Wakes those who are held for nothing by now. */
  review(): void {
    for (const [digest, keys] of this.#held) {
      if (this.#verdictOn(digest) !== 'Fine') continue;
      this.#held.delete(digest);
      for (const key of keys) this.#options.wake(key);
    }
  }

  /**
   * Whether the release must not begin a revision of that digest, and why. Who has failed on it as well may try again, and so may, from then
   * on, whom a person has requested to be looked at.
   */
  hold(key: string, digest: string, isRequested: boolean): Suspicion | undefined {
    this.release(key);
    if (isRequested) this.#excused.set(key, digest);
    if (this.#excused.get(key) === digest || this.#trials.get(digest)?.failed.has(key) === true) return undefined;
    const verdict = this.#verdictOn(digest);
    if (verdict === 'Fine') return undefined;
    this.#held.set(digest, (this.#held.get(digest) ?? new Set()).add(key));
    return { first: this.#firstOn(digest) ?? '', isConfirmed: verdict === 'Suspect' };
  }

  /** Ends what `hold` began. */
  release(key: string): void {
    for (const [digest, keys] of this.#held) if (keys.delete(key) && keys.size === 0) this.#held.delete(digest);
  }

  /** The ChartRelease is gone. */
  forget(key: string): void {
    this.release(key);
    this.#excused.delete(key);
  }

  #verdictOn(digest: string): 'Fine' | 'Open' | 'Suspect' {
    const { after, isThere, rolls } = this.#options;
    const trial = this.#trials.get(digest);
    if (after === 0 || trial === undefined || trial.ready > 0) return 'Fine';
    const failed = countTo(after, trial.failed.keys(), isThere);
    if (failed === after) return 'Suspect';
    const undecided = countTo(after - failed, trial.open, (key) => !trial.failed.has(key) && rolls(key));
    return failed > 0 && failed + undecided === after ? 'Open' : 'Fine';
  }

  /** Looked for once: it stays the first as long as it counts. */
  #firstOn(digest: string): string | undefined {
    const trial = this.#trials.get(digest);
    if (trial === undefined) return undefined;
    if (trial.first === undefined || !trial.failed.has(trial.first)) {
      [trial.first] = [...trial.failed.keys()].filter(this.#options.isThere).toSorted((one, other) => (trial.failed.get(one) ?? 0) - (trial.failed.get(other) ?? 0));
    }
    return trial.first;
  }

  #count({ key, triesOut, failure, readyOn }: Evidence, by: 1 | -1): void {
    if (triesOut !== undefined) {
      const { open } = this.#trialOf(triesOut);
      if (by === 1) open.add(key);
      else open.delete(key);
      this.#drop(triesOut);
    }
    if (failure !== undefined) {
      const { failed } = this.#trialOf(failure.digest);
      if (by === 1) failed.set(key, failure.at);
      else failed.delete(key);
      this.#drop(failure.digest);
    }
    for (const digest of readyOn) {
      this.#trialOf(digest).ready += by;
      this.#drop(digest);
    }
  }

  #trialOf(digest: string): Trial {
    const trial = this.#trials.get(digest) ?? { failed: new Map(), open: new Set(), ready: 0, first: undefined };
    this.#trials.set(digest, trial);
    return trial;
  }

  #drop(digest: string): void {
    const trial = this.#trials.get(digest);
    if (trial?.ready === 0 && trial.failed.size === 0 && trial.open.size === 0) this.#trials.delete(digest);
  }
}

/** How many of the keys are such, but no more than `most`. */
const countTo = (most: number, keys: Iterable<string>, isSuch: (key: string) => boolean): number => {
  let count = 0;
  for (const key of keys) {
    if (count === most) break;
    if (isSuch(key)) count += 1;
  }
  return count;
};
