import type { PlacedObject } from '../../core/plan.ts';
import { isSameAddress, type ReleaseAddress } from '../../core/record.ts';

interface UnderWay {
  readonly address: ReleaseAddress;
  readonly objects: readonly PlacedObject[];
}

interface Trouble {
  readonly since: number;
  readonly tries: number;
}

const FIRST_MS = 2_000;
/** A namespace that is deleted meanwhile wakes nobody, and is not to be held up for longer. */
const MOST_MS = 20_000;

/**
 * What this process knows of ChartReleases that are being deleted: since when their uninstalls are in trouble, so that none is tried for
 * ever (the time begins anew with another process), and which objects a revision has that was under way then, of which no status knows
 * and whose record may go with its namespace first.
 */
export class Departures {
  readonly #troubles = new Map<string, Trouble>();
  readonly #underWay = new Map<string, UnderWay>();
  readonly #patienceMs: number;

  /** `patienceMs` is how long one is tried. */
  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  /** Keeps the objects of the revision that is under way; what was kept before stays where there is none. */
  remember(key: string, rollout: UnderWay | undefined): void {
    if (rollout !== undefined) this.#underWay.set(key, { address: rollout.address, objects: rollout.objects });
  }

  /** The objects that were kept of this Helm release. */
  objectsOf(key: string, address: ReleaseAddress): readonly PlacedObject[] {
    const kept = this.#underWay.get(key);
    return kept !== undefined && isSameAddress(kept.address, address) ? kept.objects : [];
  }

  /** Notes a try that failed. Returns when it is tried again and how much of its time is left, in ms; `mostMs` cuts that shorter for those in a hurry. */
  failed(key: string, now: number, mostMs = Number.POSITIVE_INFINITY): { readonly pauseMs: number; readonly leftMs: number } {
    const { since, tries } = this.#troubles.get(key) ?? { since: now, tries: 0 };
    this.#troubles.set(key, { since, tries: tries + 1 });
    return { pauseMs: Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(tries, 10)), leftMs: Math.max(0, since + Math.min(this.#patienceMs, mostMs) - now) };
  }

  forget(key: string): void {
    this.#troubles.delete(key);
    this.#underWay.delete(key);
  }
}
