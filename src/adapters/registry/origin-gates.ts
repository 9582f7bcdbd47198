import type { Clock } from '../../ports/clock.ts';
import { apiHost } from './origin.ts';
import { OriginGate } from './origin-gate.ts';
import { Slots } from './slots.ts';

/** Looks at once in all. */
const LOOKS = 16;

type Listener = (gate: OriginGate) => void;

/** The gate of each registry that is asked, shared by all that ask it. */
export class OriginGates {
  /** For looks at whichever registry. */
  readonly slots: Slots = new Slots(LOOKS);
  readonly #clock: Pick<Clock, 'now'>;
  readonly #gates = new Map<string, OriginGate>();
  readonly #onBack: Listener[] = [];
  readonly #onFree: Listener[] = [];

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /** The gate of a registry as references write it. */
  at(registry: string): OriginGate {
    const host = apiHost(registry);
    const known = this.#gates.get(host);
    if (known !== undefined) return known;
    const gate: OriginGate = new OriginGate(this.#clock.now(), () => {
      for (const listener of this.#onBack) listener(gate);
    });
    this.#gates.set(host, gate);
    return gate;
  }

  /** Has the listener called whenever a registry answers again after an outage. */
  onBack(listener: Listener): void {
    this.#onBack.push(listener);
  }

  /** Has the listener called whenever another one may be tried out of turn. */
  onFree(listener: Listener): void {
    this.#onFree.push(listener);
  }

  /** As `OriginGate.yieldRetry`, for whoever comes next. */
  yieldRetry(gate: OriginGate, who: object, isAnswered: boolean): void {
    if (gate.yieldRetry(who, isAnswered, this.#clock.now())) for (const listener of this.#onFree) listener(gate);
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
