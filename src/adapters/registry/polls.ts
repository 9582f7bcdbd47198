import type { Clock } from '../../ports/clock.ts';
import { type Access, RegistryError } from '../../ports/registry.ts';
import { abortable } from './abortable.ts';
import { failure } from './failure.ts';
import { leftAlone, type OriginGate } from './origin-gate.ts';
import type { OriginGates } from './origin-gates.ts';
import { afterLook, isFailing, isNews, isUnknown, type LookOutcome, nextLook, periodMs, type PollState, retryPauseMs, UNKNOWN, type View } from './tag-schedule.ts';

/** Where something is followed, and as whom it is looked at. */
export interface Place extends Access {
  readonly reference: { readonly registry: string; readonly repository: string };
}

/** What is looked at: the digest that a tag points at, or the tags that a repository has. */
export interface Question<P extends Place, T> {
  /** Asks the registry; rejects with RegistryError and is bounded in time by itself. */
  ask(place: P, signal: AbortSignal): Promise<T>;
  /** Places with the same key are looked at once for all. */
  keyOf(place: P): string;
  /** What is tried, as messages have it. */
  attemptOf(place: P): string;
  isSame(one: T, other: T): boolean;
}

/** One look, which was news or not. */
export interface Look<P, T> {
  readonly place: P;
  readonly before: View<T>;
  readonly after: View<T>;
  readonly followers: number;
}

export interface PollsOptions<P extends Place, T> {
  readonly question: Question<P, T>;
  readonly gates: OriginGates;
  /** Called for each follower after a look that was news; must not throw. */
  readonly wake: (follower: string, look: Look<P, T>) => void;
  /** Called after each look, before followers are woken; must not throw. */
  readonly looked: (look: Look<P, T>) => void;
  readonly clock: Clock;
}

/** How soon after a look a hint brings the next: several hints are one. */
const HINT_PAUSE_MS = 1_000;
/** How long `follow` waits for a look. */
const PATIENCE_MS = 1_000;

/** One thing that is followed. */
interface Poll<P, T> {
  readonly key: string;
  readonly place: P;
  readonly gate: OriginGate;
  /** Intervals by follower. */
  readonly followers: Map<string, number>;
  /** Followers inside `follow`, who get the outcome as their answer. */
  readonly waiting: Set<string>;
  readonly stop: AbortController;
  state: PollState<T>;
  intervalMs: number;
  /** When it has its turn, on the way to which its looks may be a little early or late. */
  turn: number;
  lookedAt: number;
  dueAt: number;
  /** What is due is a try before its turn. */
  isOutOfTurn: boolean;
  look: Promise<void> | undefined;
  /** Somebody says that there is something new, since the look that is under way began. */
  isHinted: boolean;
  cancelTimer: () => void;
}

/** Looks at things again and again, at each once however many follow it. */
export class Polls<P extends Place, T> {
  readonly #options: PollsOptions<P, T>;
  readonly #polls = new Map<string, Poll<P, T>>();
  readonly #keyOf = new Map<string, string>();
  #isClosed = false;

  constructor(options: PollsOptions<P, T>) {
    this.#options = options;
    options.gates.onBack((gate) => this.#resume(gate));
    options.gates.onFree((gate) => this.#retryNext(gate));
  }

  /** As `Tags.follow` has it. */
  async follow(follower: string, place: P, options: { readonly intervalMs: number; readonly fresh: boolean }, signal: AbortSignal): Promise<View<T>> {
    signal.throwIfAborted();
    if (this.#isClosed) return this.#ended(place);
    const poll = this.#join(follower, place, options.intervalMs);
    // A look that is under way may have been answered before whatever the follower wants to see.
    if (options.fresh && poll.look !== undefined) await this.#awaitLook(poll, follower, signal);
    if (options.fresh || isUnknown(poll.state.view)) await this.#awaitLook(poll, follower, signal);
    return this.#polls.has(poll.key) ? poll.state.view : this.#ended(place);
  }

  unfollow(follower: string): void {
    const poll = this.#polls.get(this.#keyOf.get(follower) ?? '');
    this.#keyOf.delete(follower);
    poll?.followers.delete(follower);
    if (poll?.followers.size === 0) this.#drop(poll);
  }

  /** Somebody says that there is something new at these places: they are looked at now, unless the registry asked to be left alone. */
  hint(isThere: (place: P) => boolean): void {
    for (const poll of this.#polls.values()) {
      if (!isThere(poll.place)) continue;
      // A look that is under way may have been answered before.
      if (poll.look === undefined) this.#lookSoon(poll);
      else poll.isHinted = true;
    }
  }

  /** Stops all looks; who waits in `follow` is answered with what is known. */
  close(): void {
    this.#isClosed = true;
    for (const poll of [...this.#polls.values()]) this.#drop(poll);
    this.#keyOf.clear();
  }

  /** When each is looked at next, by the gate of its registry. */
  *dueTimes(): Iterable<readonly [OriginGate, number]> {
    for (const { gate, dueAt } of this.#polls.values()) yield [gate, dueAt];
  }

  #join(follower: string, place: P, intervalMs: number): Poll<P, T> {
    const key = this.#options.question.keyOf(place);
    if (this.#keyOf.get(follower) !== key) this.unfollow(follower);
    const poll = this.#polls.get(key) ?? this.#add(key, place, intervalMs);
    this.#keyOf.set(follower, key);
    poll.followers.set(follower, intervalMs);
    // Longer intervals are found out at the next look; a shorter one brings it forward.
    if (intervalMs < poll.intervalMs) this.#schedule(poll);
    return poll;
  }

  #add(key: string, place: P, intervalMs: number): Poll<P, T> {
    const gate = this.#options.gates.at(place.reference.registry);
    const poll: Poll<P, T> = {
      key,
      place,
      gate,
      followers: new Map(),
      waiting: new Set(),
      stop: new AbortController(),
      state: UNKNOWN,
      intervalMs,
      turn: gate.since + gate.join(intervalMs) * intervalMs,
      lookedAt: 0,
      dueAt: this.#options.clock.now(),
      isOutOfTurn: false,
      look: undefined,
      isHinted: false,
      cancelTimer: () => undefined,
    };
    this.#polls.set(key, poll);
    return poll;
  }

  #drop(poll: Poll<P, T>): void {
    poll.cancelTimer();
    poll.stop.abort(new Error('nobody follows it any longer'));
    this.#polls.delete(poll.key);
    poll.gate.part(poll.intervalMs);
    this.#options.gates.yieldRetry(poll.gate, poll, false);
    this.#options.gates.leave(poll.place.reference.registry);
  }

  /** Waits for a look, but not for a registry that is slow: who is answered before the look is over is woken by it. */
  async #awaitLook(poll: Poll<P, T>, follower: string, signal: AbortSignal): Promise<void> {
    poll.waiting.add(follower);
    let cancel = (): void => undefined;
    const patience = new Promise<void>((resolve) => {
      cancel = this.#options.clock.after(PATIENCE_MS, resolve);
    });
    try {
      await abortable(Promise.race([this.#look(poll), patience]), signal);
    } finally {
      cancel();
      poll.waiting.delete(follower);
    }
  }

  // One look at a time: who comes while it is under way shares it.
  #look(poll: Poll<P, T>): Promise<void> {
    poll.cancelTimer();
    poll.look ??= this.#lookOnce(poll);
    return poll.look;
  }

  async #lookOnce(poll: Poll<P, T>): Promise<void> {
    const outcome = await this.#pass(poll);
    poll.look = undefined;
    if (outcome === undefined) return;
    const before = poll.state.view;
    poll.state = afterLook(poll.state, outcome, poll.isOutOfTurn);
    poll.lookedAt = this.#options.clock.now();
    if (!isFailing(poll.state)) this.#options.gates.yieldRetry(poll.gate, poll, true);
    this.#schedule(poll);
    if (poll.isHinted) this.#lookSoon(poll);
    this.#tell(poll, before);
  }

  // Undefined when the poll ended meanwhile.
  async #pass(poll: Poll<P, T>): Promise<LookOutcome<T> | undefined> {
    const { slots } = this.#options.gates;
    const {
      gate,
      stop: { signal },
    } = poll;
    try {
      const outcome = await gate.slots.use(() => slots.use(() => this.#ask(poll), signal), signal);
      return signal.aborted ? undefined : outcome;
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
  }

  async #ask({ place, gate, stop: { signal } }: Poll<P, T>): Promise<LookOutcome<T>> {
    const { clock, question } = this.#options;
    const holdMs = gate.holdMs(clock.now());
    if (holdMs > 0) return { kind: 'Postponed', error: leftAlone(question.attemptOf(place), holdMs) };
    const pass = gate.enter();
    const outcome = await question.ask(place, signal).then(
      (seen): LookOutcome<T> => ({ kind: 'Seen', seen }),
      (error: unknown): LookOutcome<T> => ({ kind: 'Failed', error: this.#asRegistryError(place, error) }),
    );
    if (signal.aborted) gate.abandon(pass);
    else gate.leave(pass, outcome.kind === 'Failed' ? outcome.error : undefined, clock.now());
    return outcome;
  }

  /** A registry is back: pauses that have grown long while it was away end at the next turn of each, no more of them at a time than ever. */
  #resume(gate: OriginGate): void {
    for (const poll of this.#polls.values()) {
      if (poll.gate !== gate || poll.state.failures + poll.state.retries === 0) continue;
      poll.state = { ...poll.state, failures: 0, retries: 0 };
      this.#schedule(poll);
    }
  }

  /** Another one may be tried out of turn: the first that failed and does not wait for longer than until its turn. */
  #retryNext(gate: OriginGate): void {
    for (const poll of this.#polls.values()) {
      if (gate.isRetrying) return;
      if (poll.gate === gate && isFailing(poll.state)) this.#schedule(poll);
    }
  }

  // What was left when it was scheduled may have been spent since.
  #due(poll: Poll<P, T>): void {
    if (poll.gate.restMs(this.#options.clock.now()) > 0) this.#schedule(poll);
    else void this.#look(poll);
  }

  #lookSoon(poll: Poll<P, T>): void {
    poll.isHinted = false;
    const { clock } = this.#options;
    const now = clock.now();
    const at = Math.max(now, poll.lookedAt + HINT_PAUSE_MS);
    if (poll.gate.holdMs(now) > 0 || poll.dueAt <= at) return;
    poll.cancelTimer();
    poll.dueAt = at;
    poll.cancelTimer = clock.after(at - now, () => (poll.gate.holdMs(clock.now()) > 0 ? this.#schedule(poll) : void this.#look(poll)));
  }

  #schedule(poll: Poll<P, T>): void {
    poll.cancelTimer();
    const intervalMs = smallest(poll.followers.values());
    poll.gate.change(poll.intervalMs, intervalMs);
    poll.intervalMs = intervalMs;
    if (poll.look !== undefined) return;
    const { clock } = this.#options;
    const { gate, turn, lookedAt } = poll;
    const now = clock.now();
    const period = periodMs({ intervalMs, failures: poll.state.failures, stretch: gate.stretchAt(now), budgetMs: (gate.budgetAt(now)?.until ?? now) - now });
    const next = nextLook({ periodMs: period, turn, lookedAt, now, holdMs: gate.restMs(now), random: clock.random() });
    poll.turn = next.turn;
    const delayMs = Math.min(next.delayMs, this.#retryIn(poll, next.delayMs) ?? next.delayMs);
    poll.isOutOfTurn = delayMs < next.delayMs;
    poll.dueAt = now + delayMs;
    poll.cancelTimer = clock.after(delayMs, () => this.#due(poll));
  }

  /** In how many ms a poll is tried before its turn, which is in `turnMs`; undefined where it is not, at the latest when its pauses have grown to its interval. */
  #retryIn(poll: Poll<P, T>, turnMs: number): number | undefined {
    const { clock, gates } = this.#options;
    const { gate, state, intervalMs } = poll;
    const now = clock.now();
    const pauseMs = isFailing(state) ? retryPauseMs(state.retries, clock.random()) : intervalMs;
    if (pauseMs < Math.min(turnMs, intervalMs) && gate.spareMs(now) === 0) return gate.retryIn(poll, pauseMs, now);
    gates.yieldRetry(gate, poll, false);
    return undefined;
  }

  #tell({ place, state, followers, waiting }: Poll<P, T>, before: View<T>): void {
    const { question, looked, wake } = this.#options;
    const { view } = state;
    const look = { place, before, after: view, followers: followers.size };
    looked(look);
    if (!isNews(before, view, question.isSame)) return;
    for (const follower of [...followers.keys()]) if (!waiting.has(follower)) wake(follower, look);
  }

  #ended(place: P): View<T> {
    return { seen: undefined, trouble: failure('Unavailable', this.#options.question.attemptOf(place), 'it is no longer followed') };
  }

  #asRegistryError(place: P, error: unknown): RegistryError {
    return error instanceof RegistryError ? error : failure('Unavailable', this.#options.question.attemptOf(place), 'looking at it failed', { cause: error });
  }
}

const smallest = (values: Iterable<number>): number => {
  let least = Number.POSITIVE_INFINITY;
  for (const value of values) least = Math.min(least, value);
  return least;
};
