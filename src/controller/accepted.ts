import { sha256 } from '../core/digest.ts';
import type { RevisionInputs } from '../core/record.ts';

/** How many are remembered; the oldest go first. */
const MOST = 4_096;

/** From what to what a release goes. */
export interface Step {
  readonly from: RevisionInputs;
  readonly to: RevisionInputs;
  /** What cannot be changed may be made anew on the way: where it may not, that is refused. */
  readonly force: boolean;
}

/**
 * Upgrades that the API server has accepted as a whole in this process. When a tag moves under a thousand releases with
 * the same values, one of them tries out what all of them will apply: the others differ in names and namespaces alone,
 * and those were accepted when they were installed. The same revision as an install, or from another one, is another
 * step: fields that cannot change are refused on the way.
 */
export class Accepted {
  readonly #steps = new Set<string>();
  readonly #underWay = new Map<string, Promise<void>>();

  /**
   * Has a release checked before it makes this step (an install makes none). Those that come while the first one is being checked wait
   * for its answer; where that was no, each is tried out by itself. Rejects as `check` does.
   */
  async check(step: Step | undefined, check: (isAccepted: boolean) => Promise<void>): Promise<void> {
    if (step === undefined) return check(false);
    const key = keyOf(step);
    const first = this.#underWay.get(key);
    if (first !== undefined) await first.catch(() => undefined); // That release says so itself.
    return this.#steps.has(key) ? check(true) : this.#tryOut(key, check(false));
  }

  async #tryOut(key: string, attempt: Promise<void>): Promise<void> {
    if (!this.#underWay.has(key)) this.#underWay.set(key, attempt);
    try {
      await attempt;
      this.#add(key);
    } finally {
      if (this.#underWay.get(key) === attempt) this.#underWay.delete(key);
    }
  }

  #add(key: string): void {
    this.#steps.add(key);
    const [oldest] = this.#steps;
    if (this.#steps.size > MOST && oldest !== undefined) this.#steps.delete(oldest);
  }
}

/** Short, as thousands are kept. */
const keyOf = ({ from, to, force }: Step): string => sha256(Buffer.from([from.chartDigest, from.valuesDigest, to.chartDigest, to.valuesDigest, force].join(' ')));
