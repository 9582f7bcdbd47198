/** ChartReleases that wait for others. They are looked at again at once whenever something is written to one of those. */
export class Dependents {
  readonly #wake: (key: string) => void;
  readonly #awaited = new Map<string, ReadonlySet<string>>();
  readonly #waiting = new Map<string, Set<string>>();

  constructor(wake: (key: string) => void) {
    this.#wake = wake;
  }

  /** The release with this key waits for those, and for no others any more. */
  wait(key: string, on: readonly string[]): void {
    this.forget(key);
    this.#awaited.set(key, new Set(on));
    for (const one of on) this.#waiting.set(one, (this.#waiting.get(one) ?? new Set()).add(key));
  }

  /** Ends what `wait` began. */
  forget(key: string): void {
    for (const one of this.#awaited.get(key) ?? []) {
      const waiting = this.#waiting.get(one);
      waiting?.delete(key);
      if (waiting?.size === 0) this.#waiting.delete(one);
    }
    this.#awaited.delete(key);
  }

  /** Wakes those who wait for the release with this key: it was written to, or is gone. */
  changed(key: string): void {
    for (const one of this.#waiting.get(key) ?? []) this.#wake(one);
  }
}
