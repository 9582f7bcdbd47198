/** Lets a number of callers in at once; the others wait, first come first served. */
export class Gate {
  #places: number;
  #waiting: readonly (() => void)[] = [];

  constructor(places: number) {
    this.#places = places;
  }

  /** Resolves to what gives the place back. Rejects with the signal's reason when it aborts before there is one. */
  async enter(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#places > 0) this.#places -= 1;
    else await this.#wait(signal);
    return () => this.#leave();
  }

  async #wait(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const enter = (): void => resolve();
    const giveUp = (): void => {
      this.#waiting = this.#waiting.filter((one) => one !== enter);
      reject(signal.reason);
    };
    this.#waiting = [...this.#waiting, enter];
    signal.addEventListener('abort', giveUp, { once: true });
    await promise.finally(() => signal.removeEventListener('abort', giveUp));
  }

  #leave(): void {
    const [next, ...rest] = this.#waiting;
    this.#waiting = rest;
    if (next === undefined) this.#places += 1;
    else next();
  }
}
