import type { Clock } from '../../ports/clock.ts';
import type { Engine } from './engine.ts';
import type { Ticket } from './ticket.ts';

/** Milliseconds between the end of an engine and the start of the next: doubled with each that did no good. */
export interface Pauses {
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
}

export interface SlotOptions {
  readonly start: (signal: AbortSignal) => Promise<Engine>;
  readonly pauses: Pauses;
  readonly clock: Clock;
  /** It can take a ticket. */
  readonly onIdle: () => void;
  /** An engine could not be started, for the given number of times in a row; another try follows. */
  readonly onFailedStart: (slot: Slot, error: unknown, failures: number) => void;
}

type State =
  | { readonly kind: 'asleep' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'pausing' }
  | { readonly kind: 'idle'; readonly engine: Engine }
  | { readonly kind: 'busy'; readonly engine: Engine };

/** The place of one engine: once woken it always has one, or is about to. */
export class Slot {
  readonly #options: SlotOptions;
  readonly #closing = new AbortController();
  #state: State = { kind: 'asleep' };
  #life: Promise<void> = Promise.resolve();
  #repeat: Ticket | undefined;
  #badEnds = 0;

  constructor(options: SlotOptions) {
    this.#options = options;
  }

  get state(): State['kind'] {
    return this.#state.kind === 'idle' && !this.#state.engine.isUsable ? 'pausing' : this.#state.kind;
  }

  /** Whether its idle engine is believed to hold the chart. */
  holds(digest: string): boolean {
    return this.#state.kind === 'idle' && this.#state.engine.holds(digest);
  }

  wake(): void {
    if (this.#state.kind !== 'asleep' || this.#closing.signal.aborted) return;
    this.#life = this.#live(this.#closing.signal);
  }

  /** Has an idle slot's engine do the work of a ticket. */
  async serve(ticket: Ticket): Promise<void> {
    if (this.#state.kind !== 'idle') throw new Error(`a ticket was given to a slot that is ${this.#state.kind}`);
    const { engine } = this.#state;
    this.#state = { kind: 'busy', engine };
    const isDone = await ticket.tryOn(engine);
    if (!isDone) this.#keep(ticket);
    // An engine that was killed because its caller left has done nothing wrong.
    if (engine.isUsable || ticket.isAborted) this.#badEnds = 0;
    if (engine.isUsable) this.#rest(engine);
  }

  /** Takes back the ticket that waits for this slot's next engine. */
  release(): Ticket | undefined {
    const ticket = this.#repeat;
    this.#repeat = undefined;
    return ticket;
  }

  /** Ends the engine and starts no other; a ticket that it would have taken to the next engine fails with `reason`. */
  async close(reason: Error): Promise<void> {
    this.#closing.abort(reason);
    this.release()?.fail(reason);
    if ('engine' in this.#state) await this.#state.engine.close();
    await this.#life;
  }

  #keep(ticket: Ticket): void {
    if (this.#closing.signal.aborted) ticket.fail(this.#closing.signal.reason);
    else this.#repeat = ticket;
  }

  async #live(closing: AbortSignal): Promise<void> {
    for (let failures = 0; !closing.aborted; ) {
      this.#state = { kind: 'starting' };
      const engine = await this.#start(failures, closing);
      failures = engine === undefined ? failures + 1 : 0;
      if (engine !== undefined) await this.#liveWith(engine, closing);
      this.#state = { kind: 'pausing' };
      await this.#pause(closing);
    }
  }

  async #start(failures: number, closing: AbortSignal): Promise<Engine | undefined> {
    try {
      return await this.#options.start(closing);
    } catch (error) {
      this.#state = { kind: 'pausing' };
      if (!closing.aborted) this.#options.onFailedStart(this, error, failures + 1);
      return undefined;
    }
  }

  async #liveWith(engine: Engine, closing: AbortSignal): Promise<void> {
    if (closing.aborted) return await engine.close();
    this.#rest(engine);
    await engine.gone;
  }

  #rest(engine: Engine): void {
    this.#state = { kind: 'idle', engine };
    const repeat = this.release();
    if (repeat === undefined || repeat.isSettled) this.#options.onIdle();
    else void this.serve(repeat);
  }

  async #pause(closing: AbortSignal): Promise<void> {
    if (closing.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const onAbort = (): void => resolve();
    const cancel = this.#options.clock.after(this.#nextPauseMs(), resolve);
    closing.addEventListener('abort', onAbort, { once: true });
    await promise;
    cancel();
    closing.removeEventListener('abort', onAbort);
  }

  #nextPauseMs(): number {
    const { firstPauseMs, longestPauseMs } = this.#options.pauses;
    const pauseMs = Math.min(firstPauseMs * 2 ** this.#badEnds, longestPauseMs);
    this.#badEnds += 1;
    return pauseMs;
  }
}
