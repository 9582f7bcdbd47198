import type { RevisionInputs } from '../core/record.ts';

/** How many are remembered; the oldest go first. */
const MOST = 4_096;

/** From what to what a release goes. */
export interface Step {
  readonly from: RevisionInputs;
  readonly to: RevisionInputs;
}

/**
 * Upgrades that the API server has accepted as a whole in this process. When a tag moves under a thousand releases with
 * the same values, one of them tries out what all of them will apply: the others differ in names and namespaces alone,
 * and those were accepted when they were installed. The same revision as an install, or from another one, is another
 * step: fields that cannot change are refused on the way.
 */
export class Accepted {
  readonly #steps = new Set<string>();

  /** False for an install, which has no step. */
  has(step: Step | undefined): boolean {
    return step !== undefined && this.#steps.has(keyOf(step));
  }

  add(step: Step | undefined): void {
    if (step === undefined) return;
    this.#steps.add(keyOf(step));
    const [oldest] = this.#steps;
    if (this.#steps.size > MOST && oldest !== undefined) this.#steps.delete(oldest);
  }
}

const keyOf = ({ from, to }: Step): string => [from.chartDigest, from.valuesDigest, to.chartDigest, to.valuesDigest].join(' ');
