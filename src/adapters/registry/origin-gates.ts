import type { Clock } from '../../ports/clock.ts';
import { apiHost } from './origin.ts';
import { OriginGate } from './origin-gate.ts';
import { Slots } from './slots.ts';

/** Looks at once in all. */
const LOOKS = 16;

/** The gate of each registry that is asked, shared by all that ask it. */
export class OriginGates {
  /** For looks at whichever registry. */
  readonly slots: Slots = new Slots(LOOKS);
  readonly #clock: Pick<Clock, 'now'>;
  readonly #gates = new Map<string, OriginGate>();
  readonly #listeners: ((gate: OriginGate) => void)[] = [];

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /** The gate of a registry as references write it. */
  at(registry: string): OriginGate {
    const host = apiHost(registry);
    const known = this.#gates.get(host);
    if (known !== undefined) return known;
    const gate: OriginGate = new OriginGate(this.#clock.now(), () => {
      for (const listener of this.#listeners) listener(gate);
    });
    this.#gates.set(host, gate);
    return gate;
  }

  /** Has the listener called whenever a registry answers again after an outage. */
  onBack(listener: (gate: OriginGate) => void): void {
    this.#listeners.push(listener);
  }

  /** Somebody needs the gate no longer: it is forgotten where nobody does and it holds nothing back. */
  leave(registry: string): void {
    const host = apiHost(registry);
    if (this.#gates.get(host)?.isIdle(this.#clock.now()) === true) this.#gates.delete(host);
  }

  /** All of them, by host. */
  entries(): Iterable<readonly [string, OriginGate]> {
    return this.#gates.entries();
  }
}
