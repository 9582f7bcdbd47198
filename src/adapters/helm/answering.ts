import type { LookupQuestion } from '../../core/lookup.ts';
import type { Clock } from '../../ports/clock.ts';
import type { LookUp, LookupAnswer } from '../../ports/renderer.ts';
import type { Step } from './reply.ts';

/** How one side of a request gets from the other what it still owes. */
interface Line<R> {
  /** What comes next, within that time. */
  readonly next: (withinMs: number) => Promise<Step<R>>;
  /** Answers what was asked. */
  readonly answer: (inquiry: Extract<Step<R>, { kind: 'Inquiry' }>['inquiry']) => Promise<void>;
}

/** The reply to a request, once all questions on the way are answered. The other side has `limitMs` for it; the time of the answers is not its own. */
export const untilReply = async <R>({ next, answer }: Line<R>, limitMs: number, clock: Clock): Promise<R> => {
  for (let leftMs = limitMs; ; ) {
    const since = clock.now();
    const step = await next(leftMs);
    if (step.kind === 'Reply') return step.reply;
    leftMs -= clock.now() - since;
    await answer(step.inquiry);
  }
};

/** Answers that are looked for, one at a time, and the time that they took. Whoever gives the request up ends the one under way. */
export class Answering {
  readonly #clock: Clock;
  #spentMs = 0;
  #since: number | undefined;
  #current: AbortController | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** All the time there ever was an answer under way. */
  get spentMs(): number {
    return this.#spentMs + (this.#since === undefined ? 0 : this.#clock.now() - this.#since);
  }

  /** The answer. Rejects with the reason of `interrupt` or the signal, also where `lookUp` does not heed it. */
  async find(lookUp: LookUp, question: LookupQuestion, signal: AbortSignal): Promise<LookupAnswer> {
    const current = new AbortController();
    const either = AbortSignal.any([signal, current.signal]);
    this.#current = current;
    this.#since = this.#clock.now();
    const ended = Promise.withResolvers<never>();
    const onAbort = (): void => ended.reject(either.reason);
    either.addEventListener('abort', onAbort, { once: true });
    try {
      either.throwIfAborted();
      return await Promise.race([lookUp(question, either), ended.promise]);
    } finally {
      either.removeEventListener('abort', onAbort);
      this.#spentMs = this.spentMs;
      this.#since = undefined;
      this.#current = undefined;
    }
  }

  interrupt(reason: unknown): void {
    this.#current?.abort(reason);
  }
}
