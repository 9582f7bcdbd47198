interface Trouble {
  readonly since: number;
  readonly tries: number;
}

const FIRST_MS = 2_000;
/** A namespace that is deleted meanwhile wakes nobody, and is not to be held up for longer. */
const MOST_MS = 20_000;

/**
 * Since when the uninstalls of ChartReleases that are being deleted are in trouble, so that none is tried for ever. It is lost with the
 * process: the time begins anew then.
 */
export class Departures {
  readonly #troubles = new Map<string, Trouble>();
  readonly #patienceMs: number;

  /** `patienceMs` is how long one is tried. */
  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  /** Notes a try that failed. Returns when it is tried again and how much of its time is left, in ms; `mostMs` cuts that shorter for those in a hurry. */
  failed(key: string, now: number, mostMs = Number.POSITIVE_INFINITY): { readonly pauseMs: number; readonly leftMs: number } {
    const { since, tries } = this.#troubles.get(key) ?? { since: now, tries: 0 };
    this.#troubles.set(key, { since, tries: tries + 1 });
    return { pauseMs: Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(tries, 10)), leftMs: Math.max(0, since + Math.min(this.#patienceMs, mostMs) - now) };
  }

  forget(key: string): void {
    this.#troubles.delete(key);
  }
}
