import type { Clock } from '../../ports/clock.ts';
import type { Engine } from './engine.ts';
import { type Outcome, Preempted, type Ticket } from './ticket.ts';

/** Milliseconds between the end of an engine and the start of the next: doubled with each start that failed. */
export interface Pauses {
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
}

export interface SlotOptions {
  readonly start: (signal: AbortSignal) => Promise<Engine>;
  readonly pauses: Pauses;
  /** Work that takes longer than this is slow. */
  readonly slowMs: number;
  /** And so is work that has waited longer than this for answers. */
  readonly longAnswersMs: number;
  readonly clock: Clock;
  /** There are so many engines that one which has ended is not replaced. */
  readonly isSurplus: () => boolean;
  /** It can take a ticket, or be woken. */
  readonly onFree: () => void;
  /** Its work has become slow. */
  readonly onSlow: () => void;
  /** An engine could not be started, for the given number of times in a row; another try follows. */
  readonly onFailedStart: (error: unknown, failures: number) => void;
}

type State =
  | { readonly kind: 'asleep' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'pausing' }
  | { readonly kind: 'idle'; readonly engine: Engine }
  | { readonly kind: 'busy'; readonly engine: Engine; readonly stopwatch: Stopwatch; readonly slowSince: number | undefined };

/** When work began, and how long its engine had waited for answers until then. */
interface Stopwatch {
  readonly startedAt: number;
  readonly waitedMs: number;
}

/** The place of one engine: once woken it has one, or is about to, until there are more than are wanted. */
export class Slot {
  readonly #options: SlotOptions;
  readonly #closing = new AbortController();
  #state: State = { kind: 'asleep' };
  #life: Promise<void> = Promise.resolve();
  #stopWatching: () => void = () => undefined;

  constructor(options: SlotOptions) {
    this.#options = options;
  }

  get state(): State['kind'] {
    return this.#state.kind === 'idle' && !this.#state.engine.isUsable ? 'pausing' : this.#state.kind;
  }

  /** Since when its work is slow, in milliseconds since the epoch; undefined while it is not. */
  get slowSince(): number | undefined {
    return this.#state.kind === 'busy' && this.#state.engine.isUsable ? this.#state.slowSince : undefined;
  }

  /** Whether its idle engine is believed to hold the chart. */
  holds(digest: string): boolean {
    return this.#state.kind === 'idle' && this.#state.engine.holds(digest);
  }

  wake(): void {
    if (this.#state.kind !== 'asleep' || this.#closing.signal.aborted) return;
    this.#state = { kind: 'starting' };
    this.#life = this.#live(this.#closing.signal);
  }

  /** Has its idle engine do the work of a ticket; a suspect counts as slow from the beginning. */
  async serve(ticket: Ticket, isSuspect: boolean): Promise<Outcome> {
    if (this.#state.kind !== 'idle') throw new Error(`a ticket was given to a slot that is ${this.#state.kind}`);
    const { engine } = this.#state;
    const startedAt = this.#options.clock.now();
    const stopwatch = { startedAt, waitedMs: engine.waitedMs };
    this.#state = { kind: 'busy', engine, stopwatch, slowSince: isSuspect ? startedAt : undefined };
    if (!isSuspect) this.#watchPace(engine, stopwatch);
    const outcome = await ticket.tryOn(engine);
    this.#stopWatching();
    this.#rest(engine);
    return outcome;
  }

  /** Kills the engine; its work ends as Preempted. */
  preempt(): void {
    if (this.#state.kind !== 'busy') return;
    const { engine, stopwatch } = this.#state;
    engine.stop(new Preempted(this.#paceOf(engine, stopwatch).ownMs >= this.#options.slowMs));
  }

  /** Ends the engine once it has answered, and starts no other. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the slot is closed'));
    if ('engine' in this.#state) await this.#state.engine.close();
    await this.#life;
  }

  /** Has it counted as slow as soon as it is; answers that it waits for put that off. */
  #watchPace(engine: Engine, stopwatch: Stopwatch): void {
    const { clock, slowMs, longAnswersMs, onSlow } = this.#options;
    const { ownMs, waitedMs } = this.#paceOf(engine, stopwatch);
    const leftMs = Math.min(slowMs - ownMs, longAnswersMs - waitedMs);
    if (leftMs > 0) {
      this.#stopWatching = clock.after(leftMs, () => this.#watchPace(engine, stopwatch));
      return;
    }
    this.#state = { kind: 'busy', engine, stopwatch, slowSince: clock.now() };
    onSlow();
  }

  #paceOf(engine: Engine, stopwatch: Stopwatch): { readonly ownMs: number; readonly waitedMs: number } {
    const waitedMs = engine.waitedMs - stopwatch.waitedMs;
    return { ownMs: this.#options.clock.now() - stopwatch.startedAt - waitedMs, waitedMs };
  }

  // An engine that is ending is buried by #live.
  #rest(engine: Engine): void {
    this.#state = { kind: 'idle', engine };
    if (engine.isUsable && this.#options.isSurplus()) void engine.close();
  }

  async #live(closing: AbortSignal): Promise<void> {
    for (let failures = 0; !closing.aborted; ) {
      this.#state = { kind: 'starting' };
      const engine = await this.#start(failures, closing);
      failures = engine === undefined ? failures + 1 : 0;
      if (engine !== undefined) await this.#liveWith(engine, closing);
      if (this.#options.isSurplus()) break;
      this.#state = { kind: 'pausing' };
      await this.#pause(failures, closing);
    }
    this.#state = { kind: 'asleep' };
    this.#options.onFree();
  }

  async #start(failures: number, closing: AbortSignal): Promise<Engine | undefined> {
    try {
      return await this.#options.start(closing);
    } catch (error) {
      this.#state = { kind: 'pausing' };
      if (!closing.aborted) this.#options.onFailedStart(error, failures + 1);
      return undefined;
    }
  }

  async #liveWith(engine: Engine, closing: AbortSignal): Promise<void> {
    if (closing.aborted) return await engine.close();
    this.#state = { kind: 'idle', engine };
    this.#options.onFree();
    await engine.gone;
  }

  async #pause(failures: number, closing: AbortSignal): Promise<void> {
    if (closing.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const onAbort = (): void => resolve();
    const { firstPauseMs, longestPauseMs } = this.#options.pauses;
    const cancel = this.#options.clock.after(Math.min(firstPauseMs * 2 ** Math.max(failures - 1, 0), longestPauseMs), resolve);
    closing.addEventListener('abort', onAbort, { once: true });
    await promise;
    cancel();
    closing.removeEventListener('abort', onAbort);
  }
}
