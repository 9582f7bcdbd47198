import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/logger.ts';
import { RenderError } from '../../ports/renderer.ts';
import type { Launch } from './child.ts';
import { Engine, type EngineLimits } from './engine.ts';
import { type Pauses, Slot } from './slot.ts';
import { Ticket, type Work } from './ticket.ts';

export type EnginesLimits = EngineLimits & Pauses;

export const ENGINES_LIMITS: EnginesLimits = {
  readyMs: 10_000,
  replyMs: 20_000,
  closeMs: 2_000,
  firstPauseMs: 100,
  longestPauseMs: 10_000,
};

export interface EnginesOptions {
  readonly launch: Launch;
  /** How many engines at most; they are started when there is work for them. */
  readonly count: number;
  readonly limits: EnginesLimits;
  readonly clock: Clock;
  readonly logger: Logger;
}

// So often an engine may fail to start before work that no other engine can do is turned away.
const FUTILE_STARTS = 3;

/** The engines of this operator: a fixed number of slots, and one queue, first come first served. */
export class Engines {
  readonly #slots: readonly Slot[];
  readonly #logger: Logger;
  #queue: readonly Ticket[] = [];
  #isClosed = false;

  constructor({ launch, count, limits, clock, logger }: EnginesOptions) {
    this.#logger = logger;
    const start = (signal: AbortSignal): Promise<Engine> => Engine.start({ launch, limits, clock, logger }, signal);
    this.#slots = Array.from(
      { length: count },
      () =>
        new Slot({
          start,
          pauses: limits,
          clock,
          onIdle: () => this.#dispatch(),
          onFailedStart: (slot, error, failures) => this.#onFailedStart(slot, error, failures),
        }),
    );
  }

  /** Starts all engines now, for those who would rather not wait later. */
  wakeAll(): void {
    for (const slot of this.#slots) slot.wake();
  }

  /**
   * Does the work on an engine when its turn comes. Rejects with what the work throws, with the signal's reason, or
   * with RenderError `Unavailable`: the engine crashed twice or hung, no engine starts, or this is closed.
   */
  async run<T>(work: Work<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    if (this.#isClosed) throw closed();
    const { ticket, result } = Ticket.issue(work, signal);
    this.#queue = [...this.#queue, ticket];
    this.#dispatch();
    return await result;
  }

  /** Turns away what waits, lets each engine finish what it is at within its limit, and leaves no child behind. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#turnAway(closed());
    await Promise.all(this.#slots.map((slot) => slot.close(closed())));
  }

  #dispatch(): void {
    this.#queue = this.#queue.filter((ticket) => !ticket.isSettled);
    while (this.#serveFirst());
    this.#wake(this.#queue.length);
  }

  #serveFirst(): boolean {
    const [ticket, ...rest] = this.#queue;
    const slot = ticket && this.#idleSlot(ticket.digest);
    if (ticket === undefined || slot === undefined) return false;
    this.#queue = rest;
    void slot.serve(ticket);
    return true;
  }

  #idleSlot(digest: string | undefined): Slot | undefined {
    const idle = this.#slots.filter(({ state }) => state === 'idle');
    return (digest === undefined ? undefined : idle.find((slot) => slot.holds(digest))) ?? idle[0];
  }

  #wake(wanted: number): void {
    const starting = this.#slots.filter(({ state }) => state === 'starting').length;
    const asleep = this.#slots.filter(({ state }) => state === 'asleep');
    for (const slot of asleep.slice(0, Math.max(0, wanted - starting))) slot.wake();
  }

  #onFailedStart(slot: Slot, error: unknown, failures: number): void {
    this.#logger.warn({ error, failures }, 'cannot start a helm engine');
    const waiting = slot.release();
    if (waiting !== undefined) this.#queue = [waiting, ...this.#queue];
    const isAlone = this.#slots.every(({ state }) => state !== 'idle' && state !== 'busy');
    if (isAlone && failures >= FUTILE_STARTS) this.#turnAway(unavailable('no helm engine starts', error));
    else this.#dispatch();
  }

  #turnAway(reason: RenderError): void {
    const waiting = [...this.#slots.map((slot) => slot.release()), ...this.#queue];
    this.#queue = [];
    for (const ticket of waiting) ticket?.fail(reason);
  }
}

const closed = (): RenderError => new RenderError('Unavailable', 'the renderer is closed');

const unavailable = (what: string, cause: unknown): RenderError => new RenderError('Unavailable', `${what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
