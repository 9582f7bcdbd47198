import type { RevisionInputs } from '../core/record.ts';

/** How many are remembered; the oldest go first. */
const MOST = 4_096;

/**
 * Chart and values that the API server has accepted as a whole in this process. When a tag moves under a thousand
 * releases with the same values, one of them tries out what all of them will apply: the others differ in names and
 * namespaces alone, and those were accepted when they were installed.
 */
export class Accepted {
  readonly #inputs = new Set<string>();

  has(inputs: RevisionInputs): boolean {
    return this.#inputs.has(keyOf(inputs));
  }

  add(inputs: RevisionInputs): void {
    this.#inputs.add(keyOf(inputs));
    const [oldest] = this.#inputs;
    if (this.#inputs.size > MOST && oldest !== undefined) this.#inputs.delete(oldest);
  }
}

const keyOf = ({ chartDigest, valuesDigest }: RevisionInputs): string => `${chartDigest} ${valuesDigest}`;
