import type { Clock } from '../../ports/clock.ts';
import { type Engine, EngineLost } from './engine.ts';
import type { Request } from './quarantine.ts';

/** Work that waits for an engine, or is with one. An engine that holds its chart is preferred. */
export interface Work<T> extends Request {
  readonly run: (engine: Engine) => Promise<T>;
}

/** What came of a try. Answered: the caller has its result or its error. Lost: nobody told the caller anything yet. */
export type Outcome =
  | { readonly kind: 'Answered' }
  | { readonly kind: 'Aborted' }
  | { readonly kind: 'Preempted'; readonly isBlamed: boolean }
  | { readonly kind: 'Lost'; readonly error: EngineLost };

/** Why an engine is killed that has done nothing wrong: others wait, and its work is tried again later. */
export class Preempted extends Error {
  override readonly name = 'Preempted';
  /** Whether it was slow by itself. */
  readonly isBlamed: boolean;

  constructor(isBlamed: boolean) {
    super('others wait');
    this.isBlamed = isBlamed;
  }
}

/** One piece of work in the queue, until its caller has been told. */
export class Ticket implements Request {
  readonly key: string;
  readonly digest: string | undefined;
  /** Whether it has lost an engine, or had to give one up. */
  hasFailedOnce = false;
  readonly #run: (engine: Engine) => Promise<void>;
  readonly #fail: (reason: unknown) => void;
  readonly #signal: AbortSignal;
  #stopWaiting: (() => void) | undefined;
  #isSettled = false;

  /** `result` is that of the work; it rejects at once when `signal` aborts. */
  static issue<T>(work: Work<T>, signal: AbortSignal): { readonly ticket: Ticket; readonly result: Promise<T> } {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const ticket = new Ticket(work, async (engine) => resolve(await work.run(engine)), reject, signal);
    return { ticket, result: promise };
  }

  private constructor({ key, digest }: Request, run: (engine: Engine) => Promise<void>, fail: (reason: unknown) => void, signal: AbortSignal) {
    this.key = key;
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

  /** Has it fail with `reason` when it is not tried within that time; the first call counts. */
  waitAtMost(afterMs: number, clock: Clock, reason: () => Error): void {
    this.#stopWaiting ??= clock.after(afterMs, () => this.fail(reason()));
  }

  /** Takes `waitAtMost` back. */
  waitOn(): void {
    this.#stopWaiting?.();
    this.#stopWaiting = undefined;
  }

  async tryOn(engine: Engine): Promise<Outcome> {
    this.waitOn();
    try {
      await this.#run(engine);
      this.#settle();
      return { kind: 'Answered' };
    } catch (error) {
      return this.#judge(error);
    }
  }

  fail(reason: unknown): void {
    this.#settle();
    this.#fail(reason);
  }

  #judge(error: unknown): Outcome {
    if (this.#isSettled) return { kind: 'Aborted' };
    if (error instanceof Preempted) return { kind: 'Preempted', isBlamed: error.isBlamed };
    if (error instanceof EngineLost) return { kind: 'Lost', error };
    this.fail(error);
    return { kind: 'Answered' };
  }

  #settle(): void {
    this.#isSettled = true;
    this.waitOn();
    this.#signal.removeEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = (): void => this.fail(this.#signal.reason);
}
