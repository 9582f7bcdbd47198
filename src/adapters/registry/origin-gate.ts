import type { Clock } from '../../ports/clock.ts';
import { RegistryError } from '../../ports/registry.ts';
import { type Budget, costAfter, isPlenty, stretchFor } from './budget.ts';
import { failure } from './failure.ts';
import { parseBudget } from './rate-limit.ts';
import { Slots } from './slots.ts';

const MAX_HOLD_MS = 15 * 60_000;
/** After a 429 that names no time; it doubles with each that follows. */
const DEFAULT_HOLD_MS = 30_000;
/** How soon to ask again whether the one look that probes has come back. */
const PROBE_WAIT_MS = 1000;
const LOOKS = 6;
/** Between tries out of turn that are answered. */
const LEAST_RETRY_MS = 1_000;
/** So many failures one after the other are an outage. */
const OUTAGE_FAILURES = 3;
/** Multiples of it, less their whole part, lie evenly between 0 and 1, however many they are. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** A pass for one look. */
export interface Pass {
  readonly isProbe: boolean;
}

/**
 * What all requests to one registry have in common: a few looks at once, so that a dead registry does not take the places of the others,
 * none while it asks to be left alone, and fewer when what it allows runs low. After a time of rest a single request probes; the others
 * wait for how it fares.
 */
export class OriginGate {
  readonly slots: Slots = new Slots(LOOKS);
  /** When its polls began to be counted: their places in an interval count from here. */
  readonly since: number;
  #polls = 0;
  #placed = 0;
  /** Polls a ms, as their followers ask for them. */
  #demand = 0;
  #heldUntil: number | undefined;
  #isProbing = false;
  #throttled = 0;
  #failures = 0;
  /** The one that may be tried out of turn, and when the last such was answered. */
  #retrier: object | undefined;
  #retriedAt = Number.NEGATIVE_INFINITY;
  #budget: Budget | undefined;
  #cost = 1;
  readonly #back: () => void;

  /** `back` is called when the registry answers again after an outage. */
  constructor(now: number, back: () => void) {
    this.since = now;
    this.#back = back;
  }

  /** How many polls there are. */
  get polls(): number {
    return this.#polls;
  }

  /** Polls a ms that the intervals come to, without any pause that is longer. */
  get demand(): number {
    return this.#demand;
  }

  /** Looks that failed one after the other. */
  get failures(): number {
    return this.#failures;
  }

  /** Until when no request may go out, in ms since the epoch; undefined where any may. */
  get heldUntil(): number | undefined {
    return this.#heldUntil;
  }

  /** A poll begins. Answers with its place in the interval, above 0 up to 1, away from those of the others; the first has the end. */
  join(intervalMs: number): number {
    this.#polls += 1;
    this.#demand += 1 / intervalMs;
    const place = (this.#placed * GOLDEN) % 1;
    this.#placed += 1;
    return place === 0 ? 1 : place;
  }

  /** A poll has another interval. */
  change(beforeMs: number, afterMs: number): void {
    this.#demand += 1 / afterMs - 1 / beforeMs;
  }

  /** A poll ends. */
  part(intervalMs: number): void {
    this.#polls -= 1;
    // Where none is left, nothing is left of rounding either.
    this.#demand = this.#polls === 0 ? 0 : this.#demand - 1 / intervalMs;
  }

  /** Milliseconds for which no request may go out; 0 when one may. */
  holdMs(now: number): number {
    if (this.#heldUntil === undefined) return 0;
    return Math.max(this.#heldUntil - now, this.#isProbing ? PROBE_WAIT_MS : 0);
  }

  /** What the registry allows, by its last word; undefined where it has not said, or that is over. */
  budgetAt(now: number): Budget | undefined {
    return this.#budget !== undefined && this.#budget.until > now ? this.#budget : undefined;
  }

  /** By how much all pauses are longer than asked for, so that the budget lasts: from 1 on. */
  stretchAt(now: number): number {
    const budget = this.budgetAt(now);
    return budget === undefined ? 1 : stretchFor(budget, this.#demand * this.#cost, now);
  }

  /** Milliseconds for which polls are not to look by themselves: the registry asked to be left alone, or has no more left than what pulls need. */
  restMs(now: number): number {
    const budget = this.budgetAt(now);
    const isSpent = budget !== undefined && this.stretchAt(now) === Number.POSITIVE_INFINITY;
    return Math.max(this.holdMs(now), isSpent ? Math.min(budget.until - now, MAX_HOLD_MS) : 0);
  }

  /** Milliseconds for which nothing is to be asked that is in no hurry: what the registry allows is for polls and pulls. */
  spareMs(now: number): number {
    const budget = this.budgetAt(now);
    return budget === undefined || isPlenty(budget) ? this.restMs(now) : Math.max(this.restMs(now), budget.until - now);
  }

  /**
   * Lets one that failed be tried out of turn, where no other is: in how many ms, or undefined. While it fails its own pauses are all that there is; one
   * that is answered makes room for the next, no sooner than a look comes at other times, so that in all there are no more than twice as many.
   */
  retryIn(who: object, pauseMs: number, now: number): number | undefined {
    if (this.#retrier !== undefined && this.#retrier !== who) return undefined;
    this.#retrier = who;
    return Math.max(pauseMs, this.#retriedAt + Math.max(LEAST_RETRY_MS, 1 / this.#demand) - now);
  }

  /** One is to be tried out of turn. */
  get isRetrying(): boolean {
    return this.#retrier !== undefined;
  }

  /** It needs no try out of turn any more, being answered, or gone, or at the end of its patience; false where it had none. */
  yieldRetry(who: object, isAnswered: boolean, now: number): boolean {
    if (this.#retrier !== who) return false;
    this.#retrier = undefined;
    if (isAnswered) this.#retriedAt = now;
    return true;
  }

  /** Takes note of what the headers of an answer say of the budget; `isPoll` where a poll has brought it. */
  hear(headers: Readonly<Record<string, string>>, isPoll: boolean, now: number): void {
    const budget = parseBudget(headers, now);
    if (budget === undefined) return;
    if (isPoll) this.#cost = costAfter(this.#cost, this.budgetAt(now), budget);
    this.#budget = budget;
  }

  /** Whether there is anything to be remembered that following anew must not be a way around. */
  isIdle(now: number): boolean {
    return this.#polls === 0 && this.spareMs(now) === 0;
  }

  /** Lets one request out; only when `holdMs` is 0. */
  enter(): Pass {
    const isProbe = this.#heldUntil !== undefined;
    if (isProbe) this.#isProbing = true;
    return { isProbe };
  }

  /** Takes back `enter` for a request that was given up. */
  abandon({ isProbe }: Pass): void {
    if (isProbe) this.#isProbing = false;
  }

  /** Takes note of how a request ended; `error` is undefined for an answer. */
  leave(pass: Pass, error: RegistryError | undefined, now: number): void {
    this.abandon(pass);
    const isBack = this.#failures >= OUTAGE_FAILURES && isAnswer(error);
    this.#failures = isAnswer(error) ? 0 : this.#failures + 1;
    this.#throttled = error?.code === 'Throttled' ? this.#throttled + 1 : 0;
    const askedMs = error?.retryAfterMs ?? (this.#throttled > 0 ? DEFAULT_HOLD_MS * 2 ** Math.min(10, this.#throttled - 1) : undefined);
    if (askedMs !== undefined) this.#heldUntil = Math.max(this.#heldUntil ?? 0, now + Math.min(askedMs, MAX_HOLD_MS));
    // Only the probe may end it: other requests that succeed were on their way before.
    else if (pass.isProbe) this.#heldUntil = undefined;
    if (isBack) this.#back();
  }
}

/** Why a registry is not asked now. */
export const leftAlone = (attempt: string, holdMs: number): RegistryError => failure('Throttled', attempt, 'the registry asked to be left alone for now', { retryAfterMs: holdMs });

/** Does work that is no poll where the registry lets itself be asked. Rejects with what the work rejects with, or with Throttled. */
export const throughGate = async <T>(
  gate: OriginGate,
  { attempt, clock, signal }: { readonly attempt: string; readonly clock: Pick<Clock, 'now'>; readonly signal: AbortSignal },
  work: () => Promise<T>,
): Promise<T> => {
  const holdMs = gate.holdMs(clock.now());
  if (holdMs > 0) throw leftAlone(attempt, holdMs);
  const pass = gate.enter();
  try {
    const result = await work();
    gate.leave(pass, undefined, clock.now());
    return result;
  } catch (error) {
    if (signal.aborted) gate.abandon(pass);
    else gate.leave(pass, error instanceof RegistryError ? error : undefined, clock.now());
    throw error;
  }
};

/** That something is not there, or not allowed, is the answer of a registry that works. */
const isAnswer = (error: RegistryError | undefined): boolean => error?.code !== 'Unavailable' && error?.code !== 'Throttled';
