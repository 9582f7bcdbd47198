import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/logger.ts';
import type { Launch } from './child.ts';
import { Engine, type EngineLimits, type EngineLost } from './engine.ts';
import { BareError } from './failure.ts';
import { Quarantine } from './quarantine.ts';
import { type Pauses, Slot } from './slot.ts';
import { type Outcome, Ticket, type Work } from './ticket.ts';

export interface EnginesLimits extends EngineLimits, Pauses {
  /** Work that takes longer than this no longer takes the place of other work. */
  readonly slowMs: number;
  /** Neither does work that has waited longer than this for answers to what it looks up; that time counts for nothing else. */
  readonly longAnswersMs: number;
  /** How long a suspect waits for its turn before it is turned away. */
  readonly patienceMs: number;
}

export const ENGINES_LIMITS: EnginesLimits = {
  readyMs: 10_000,
  replyMs: 20_000,
  // More than whoever looks things up gives himself (stages/render.ts): this is for one that hangs.
  answersMs: 45_000,
  closeMs: 2_000,
  // Over what the engine takes for itself (64 MiB of charts and 256 MiB): this is for the one that fails to notice.
  memoryBytes: 384 * 1024 * 1024,
  firstPauseMs: 100,
  longestPauseMs: 10_000,
  slowMs: 500,
  longAnswersMs: 2_000,
  patienceMs: 2_000,
};

export interface EnginesOptions {
  readonly launch: Launch;
  /** How many engines serve work that is not slow; they are started when there is work for them. */
  readonly count: number;
  readonly limits: EnginesLimits;
  readonly clock: Clock;
  readonly logger: Logger;
}

// How many renders may be slow at once before they give way to others: as many engines run besides `count`.
const ASIDE = 2;

// So often an engine may fail to start before work that no other engine can do is turned away.
const FUTILE_STARTS = 3;

/**
 * The engines, and one queue for them, in which slow and suspect work does not hold up the rest:
 * - work that has run for `slowMs` counts as slow from then on and takes no place of the `count`: another engine is
 *   started where others wait, up to two more in all;
 * - where more than two are slow and others wait, the last to become slow is stopped and has become a suspect, unless it was the answers
 *   to its lookups that took the time;
 * - suspects (core/quarantine.ts: what broke a limit once, or was stopped and has never rendered) run one at a time and count as
 *   slow from the beginning; one that has waited `patienceMs` is turned away as Unavailable, for its caller to come back;
 * - what breaks a limit for the second time is in quarantine: it fails as ResourceExceeded without an engine.
 * So however many bombs there are, work on a chart that has rendered before waits for other quick work and at most
 * `slowMs`. A chart never seen waits behind those never seen that came before it, `slowMs` for every `count` of them.
 */
export class Engines {
  readonly #slots: readonly Slot[];
  readonly #count: number;
  readonly #limits: EnginesLimits;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #quarantine = new Quarantine();
  #queue: readonly Ticket[] = [];
  #suspect: Ticket | undefined;
  #isClosed = false;

  constructor({ launch, count, limits, clock, logger }: EnginesOptions) {
    this.#count = count;
    this.#limits = limits;
    this.#clock = clock;
    this.#logger = logger;
    const start = (signal: AbortSignal): Promise<Engine> => Engine.start({ launch, limits, clock, logger }, signal);
    this.#slots = Array.from({ length: count + ASIDE }, () => this.#slot(start));
  }

  /** Whether an engine runs. */
  get isUp(): boolean {
    return this.#slots.some(({ state }) => state === 'idle' || state === 'busy');
  }

  /** Starts all engines now, for those who would rather not wait later. */
  wakeAll(): void {
    for (const slot of this.#slots.slice(0, this.#count)) slot.wake();
  }

  /**
   * Does the work on an engine when its turn comes. Rejects with what the work throws, with the signal's reason, or
   * with BareError: ResourceExceeded in quarantine; else Unavailable: the engine broke a limit or the protocol, no
   * engine starts, other suspects go first, or this is closed.
   */
  async run<T>(work: Work<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    if (this.#isClosed) throw closed();
    const { ticket, result } = Ticket.issue(work, signal);
    this.#enqueue(ticket);
    return await result;
  }

  /** Turns away what waits, lets each engine finish what it is at within its limit, and leaves no child behind. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#turnAway(closed());
    await Promise.all(this.#slots.map((slot) => slot.close()));
  }

  #slot(start: (signal: AbortSignal) => Promise<Engine>): Slot {
    return new Slot({
      start,
      pauses: this.#limits,
      slowMs: this.#limits.slowMs,
      longAnswersMs: this.#limits.longAnswersMs,
      clock: this.#clock,
      isSurplus: () => this.#slots.filter(({ state, slowSince }) => state !== 'asleep' && slowSince === undefined).length > this.#count,
      onFree: () => this.#dispatch(),
      onSlow: () => this.#dispatch(),
      onFailedStart: (error, failures) => this.#onFailedStart(error, failures),
    });
  }

  #enqueue(ticket: Ticket): void {
    const verdict = this.#quarantine.verdictOn(ticket);
    if (verdict === 'Quarantined') ticket.fail(quarantined(this.#quarantine.offenceOf(ticket)));
    else if (this.#isClosed) ticket.fail(closed());
    else this.#queue = [...this.#queue, ticket];
    this.#dispatch();
  }

  #dispatch(): void {
    this.#queue = this.#queue.filter((ticket) => !ticket.isSettled);
    this.#limitPatience();
    this.#makeRoom();
    while (this.#serveNext());
    this.#wake();
  }

  #limitPatience(): void {
    const { patienceMs } = this.#limits;
    for (const ticket of this.#queue) {
      if (this.#isSuspect(ticket)) ticket.waitAtMost(patienceMs, this.#clock, () => busy(patienceMs));
      else ticket.waitOn();
    }
  }

  /** Slow work beyond what may run aside gives way when somebody waits. */
  #makeRoom(): void {
    if (this.#freeTickets().length === 0) return;
    for (const slot of this.#slowSlots().slice(ASIDE)) slot.preempt();
  }

  #serveNext(): boolean {
    const [ticket] = this.#eligible();
    const slot = ticket && this.#idleSlot(ticket.digest);
    if (ticket === undefined || slot === undefined) return false;
    this.#queue = this.#queue.filter((one) => one !== ticket);
    void this.#serve(slot, ticket);
    return true;
  }

  async #serve(slot: Slot, ticket: Ticket): Promise<void> {
    const isSuspect = this.#isSuspect(ticket);
    if (isSuspect) this.#suspect = ticket;
    const outcome = await slot.serve(ticket, isSuspect);
    if (isSuspect) this.#suspect = undefined;
    this.#conclude(ticket, outcome);
    this.#dispatch();
  }

  #conclude(ticket: Ticket, outcome: Outcome): void {
    switch (outcome.kind) {
      case 'Aborted':
        break;
      case 'Answered':
        this.#quarantine.noteAnswer(ticket);
        break;
      case 'Preempted':
        if (outcome.isBlamed) this.#quarantine.noteSuspicion(ticket);
        this.#repeat(ticket);
        break;
      case 'Lost':
        this.#onLost(ticket, outcome.error);
        break;
    }
  }

  #onLost(ticket: Ticket, error: EngineLost): void {
    if (error.breach !== undefined) this.#quarantine.noteBreach(ticket, error.message);
    const isOver = error.breach === 'Time' || ticket.hasFailedOnce;
    if (isOver && this.#quarantine.verdictOn(ticket) !== 'Quarantined') ticket.fail(error);
    else this.#repeat(ticket);
  }

  #repeat(ticket: Ticket): void {
    ticket.hasFailedOnce = true;
    this.#enqueue(ticket);
  }

  /** The tickets that may be served at this moment, the next one first. */
  #eligible(): readonly Ticket[] {
    const busy = this.#slots.filter(({ state }) => state === 'busy').length;
    const slow = this.#slowSlots().length;
    const free = this.#freeTickets().slice(0, Math.max(0, this.#count - (busy - slow)));
    const mayRunSuspect = this.#suspect === undefined && slow < ASIDE;
    return mayRunSuspect ? [...free, ...this.#queue.filter((ticket) => this.#isSuspect(ticket)).slice(0, 1)] : free;
  }

  /** First come first served, but charts that are known to render before those that are not. */
  #freeTickets(): readonly Ticket[] {
    const free = this.#queue.filter((ticket) => !this.#isSuspect(ticket));
    return [...free.filter((ticket) => this.#quarantine.isProven(ticket)), ...free.filter((ticket) => !this.#quarantine.isProven(ticket))];
  }

  #isSuspect(ticket: Ticket): boolean {
    return ticket.hasFailedOnce || this.#quarantine.verdictOn(ticket) === 'Suspect';
  }

  #slowSlots(): readonly Slot[] {
    return this.#slots.filter(({ slowSince }) => slowSince !== undefined).toSorted((a, b) => (a.slowSince ?? 0) - (b.slowSince ?? 0));
  }

  #idleSlot(digest: string | undefined): Slot | undefined {
    const idle = this.#slots.filter(({ state }) => state === 'idle');
    return (digest === undefined ? undefined : idle.find((slot) => slot.holds(digest))) ?? idle[0];
  }

  #wake(): void {
    const coming = this.#slots.filter(({ state }) => state === 'starting' || state === 'pausing').length;
    const asleep = this.#slots.filter(({ state }) => state === 'asleep');
    for (const slot of asleep.slice(0, Math.max(0, this.#eligible().length - coming))) slot.wake();
  }

  #onFailedStart(error: unknown, failures: number): void {
    this.#logger.warn({ error, failures }, 'cannot start a helm engine');
    if (!this.isUp && failures >= FUTILE_STARTS) this.#turnAway(noEngine(error));
    else this.#dispatch();
  }

  #turnAway(reason: Error): void {
    const waiting = this.#queue;
    this.#queue = [];
    for (const ticket of waiting) ticket.fail(reason);
  }
}

const closed = (): BareError => new BareError('Unavailable', 'the renderer is closed');

const busy = (afterMs: number): BareError =>
  new BareError(
    'Unavailable',
    `it is rendered apart from others because it was slow or broke a limit, and others of that kind kept it waiting for ${afterMs} ms; it is tried again`,
  );

const noEngine = (cause: unknown): BareError => new BareError('Unavailable', `no helm engine starts: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });

const quarantined = (offence: string): BareError =>
  new BareError('ResourceExceeded', `${offence}; that is the second limit that it broke, and it is not rendered again before digest, values or spec change`);
