import type { Clock } from '../../ports/clock.ts';

/** Aborts its signal when it was not touched for so long, and when another signal aborts. */
export class Watchdog {
  readonly #clock: Clock;
  readonly #silenceMs: number;
  readonly #parent: AbortSignal;
  readonly #abort = new AbortController();
  readonly #stop = () => this.#abort.abort(this.#parent.reason);
  #takeBack: () => void = () => undefined;

  constructor(clock: Clock, silenceMs: number, parent: AbortSignal) {
    this.#clock = clock;
    this.#silenceMs = silenceMs;
    this.#parent = parent;
    parent.addEventListener('abort', this.#stop, { once: true });
    if (parent.aborted) this.#stop();
    this.touch();
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** There was a sign of life. */
  touch(): void {
    this.#takeBack();
    this.#takeBack = this.#clock.after(this.#silenceMs, () => this.#abort.abort(new Error(`no byte for ${this.#silenceMs / 1000} s`)));
  }

  /** Aborts the signal and leaves no timer and no listener. */
  end(): void {
    this.#takeBack();
    this.#parent.removeEventListener('abort', this.#stop);
    this.#abort.abort(new Error('ended'));
  }
}
