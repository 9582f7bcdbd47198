import { type Engine, EngineLost } from './engine.ts';

/** Work that waits for an engine, or is with one. */
export interface Work<T> {
  /** Chart that it is about, where there is one: an engine that holds it is preferred. */
  readonly digest?: string;
  readonly run: (engine: Engine) => Promise<T>;
}

/** One piece of work in the queue. It is tried on one engine, and once more on another when that one crashed. */
export class Ticket {
  readonly digest: string | undefined;
  readonly #run: (engine: Engine) => Promise<void>;
  readonly #fail: (reason: unknown) => void;
  readonly #signal: AbortSignal;
  #isSettled = false;
  #hasCrashed = false;

  /** `result` is that of the work; it rejects at once when `signal` aborts. */
  static issue<T>(work: Work<T>, signal: AbortSignal): { readonly ticket: Ticket; readonly result: Promise<T> } {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const ticket = new Ticket(work.digest, async (engine) => resolve(await work.run(engine)), reject, signal);
    return { ticket, result: promise };
  }

  private constructor(digest: string | undefined, run: (engine: Engine) => Promise<void>, fail: (reason: unknown) => void, signal: AbortSignal) {
    this.digest = digest;
    this.#run = run;
    this.#fail = fail;
    this.#signal = signal;
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Nobody waits for it any more. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** Whether the caller took the work back. */
  get isAborted(): boolean {
    return this.#signal.aborted;
  }

  /** Does the work. Resolves to false when it shall be done once more, on a fresh engine. */
  async tryOn(engine: Engine): Promise<boolean> {
    try {
      await this.#run(engine);
      this.#settle();
    } catch (error) {
      if (this.#mayRepeat(error)) return false;
      this.fail(error);
    }
    return true;
  }

  fail(reason: unknown): void {
    this.#settle();
    this.#fail(reason);
  }

  #mayRepeat(error: unknown): boolean {
    if (this.#isSettled || this.#hasCrashed || !(error instanceof EngineLost) || !error.mayRepeat) return false;
    this.#hasCrashed = true;
    return true;
  }

  #settle(): void {
    this.#isSettled = true;
    this.#signal.removeEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = (): void => this.fail(this.#signal.reason);
}
