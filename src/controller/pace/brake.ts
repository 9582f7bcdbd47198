import { type Evidence, evidenceOf } from '../../core/evidence.ts';
import type { RecordHead, ReleaseAddress } from '../../core/record.ts';
import type { Outcome } from '../../core/status.ts';
import { describeSuspect, describeTurn } from '../../core/story.ts';
import type { RolloutCounts } from '../../ports/metrics.ts';
import type { Run } from '../run.ts';
import { Slots } from './slots.ts';
import { Suspects } from './suspects.ts';

export interface BrakeOptions {
  /** How many releases may roll at once. */
  readonly maxRolling: number;
  /** On how many releases a chart digest must have failed for the others to be held; 0: they never are. */
  readonly suspectAfter: number;
  /** Whether there is a ChartRelease with this key, which is not about to go. */
  readonly isThere: (key: string) => boolean;
  readonly wake: (key: string) => void;
}

/** Why a revision is not begun now. */
export type Braked = Pick<Outcome, 'message' | 'waitingSince'> & { readonly reason: 'RolloutQueued' | 'DigestSuspect' };

/**
 * Brakes a move of many releases: they roll a number at a time, and none begins what has failed on several others and has succeeded nowhere.
 * Everything it goes by is in the records, so it is known again after a restart; but whom a person has let go must be told anew then.
 */
export class Brake {
  readonly #maxRolling: number;
  readonly #suspectAfter: number;
  readonly #slots: Slots;
  readonly #suspects: Suspects;
  readonly #evidence = new Map<string, Evidence>();

  constructor({ maxRolling, suspectAfter, isThere, wake }: BrakeOptions) {
    this.#maxRolling = maxRolling;
    this.#suspectAfter = suspectAfter;
    this.#slots = new Slots({ most: maxRolling, isThere, wake });
    this.#suspects = new Suspects({ after: suspectAfter, isThere, rolls: (key) => this.#slots.rolls(key), wake });
  }

  /** How many releases roll, wait for their turn, and are held. */
  get counts(): RolloutCounts {
    return { rolling: this.#slots.rolling, queued: this.#slots.waiting, held: this.#suspects.held };
  }

  /** These are all the records of a Helm release now, oldest first. */
  recordsChanged({ namespace, releaseName }: ReleaseAddress, records: readonly RecordHead[]): void {
    const address = `${namespace}/${releaseName}`;
    const [before, now] = [this.#evidence.get(address), evidenceOf(records)];
    if (now === undefined) this.#evidence.delete(address);
    else this.#evidence.set(address, now);
    this.#slots.changed(before, now);
    this.#suspects.changed(before, now);
  }

  /** A run of the release begins; `end` must be called at its end, however it ends. */
  begin(key: string): void {
    this.#slots.begin(key);
    this.#suspects.release(key);
  }

  /** Asks, in a run, to begin a revision of that digest at that time, in ms. Returns what is in the way; the release is woken when it is not any more. */
  hold({ key, request }: Pick<Run, 'key' | 'request'>, digest: string, now: number): Braked | undefined {
    const suspect = this.#suspects.hold(key, digest, request !== undefined);
    if (suspect !== undefined) return { reason: 'DigestSuspect', message: describeSuspect(digest, { ...suspect, after: this.#suspectAfter }) };
    const turn = this.#slots.take(key, now);
    return turn === undefined ? undefined : { reason: 'RolloutQueued', message: describeTurn(this.#maxRolling), waitingSince: turn.waitingSince };
  }

  /** A run has ended so, or, without an outcome, in an error that has it repeated. */
  end(key: string, outcome: Pick<Outcome, 'reason' | 'lookAgainAfterMs'> | undefined): void {
    this.#slots.end(key, outcome);
    this.#suspects.review();
  }

  /** The ChartRelease is gone. */
  forget(key: string): void {
    this.#suspects.forget(key);
  }
}
