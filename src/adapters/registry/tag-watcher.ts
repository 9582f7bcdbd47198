import { printReference } from '../../core/reference.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/logger.ts';
import { type RegistryMetrics, SILENT_METRICS } from '../../ports/metrics.ts';
import { RegistryError, type TagAddress, type Tags, type TagView } from '../../ports/registry.ts';
import { accessKey } from './access-key.ts';
import { abortable } from './abortable.ts';
import { failure } from './failure.ts';
import { OriginGate } from './origin-gate.ts';
import { Slots } from './slots.ts';
import { afterLook, followersToWake, isUnknown, type LookOutcome, nextLookMs, type TagState, UNKNOWN } from './tag-schedule.ts';

export interface TagWatcherOptions {
  /** Asks the registry for the digest; rejects with RegistryError and is bounded in time by itself. */
  readonly resolve: (tag: TagAddress, signal: AbortSignal) => Promise<string>;
  /** Called for each follower that should look again; must not throw. */
  readonly wake: (follower: string) => void;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Looks at once in all; 16. */
  readonly maxLooks?: number;
  /** Where digest changes are counted; nowhere when absent. */
  readonly metrics?: Pick<RegistryMetrics, 'digestChanged'>;
}

const MAX_LOOKS = 16;
/** How long `follow` waits for a look. */
const PATIENCE_MS = 1_000;

/** One followed tag. */
interface Watch {
  readonly key: string;
  readonly tag: TagAddress;
  readonly gate: OriginGate;
  /** Intervals by follower. */
  readonly followers: Map<string, number>;
  /** Followers inside `follow`, who get the outcome as their answer. */
  readonly waiting: Set<string>;
  readonly stop: AbortController;
  state: TagState;
  intervalMs: number;
  lookedAt: number;
  look: Promise<void> | undefined;
  cancelTimer: () => void;
}

/** Polls tags, each once however many follow it. */
export class TagWatcher implements Tags {
  readonly #options: TagWatcherOptions;
  readonly #slots: Slots;
  readonly #watches = new Map<string, Watch>();
  readonly #keyOf = new Map<string, string>();
  readonly #gates = new Map<string, OriginGate>();
  #isClosed = false;

  constructor(options: TagWatcherOptions) {
    this.#options = options;
    this.#slots = new Slots(options.maxLooks ?? MAX_LOOKS);
  }

  async follow(follower: string, tag: TagAddress, options: { readonly intervalMs: number; readonly fresh: boolean }, signal: AbortSignal): Promise<TagView> {
    signal.throwIfAborted();
    if (this.#isClosed) return ended(tag);
    const watch = this.#join(follower, tag, options.intervalMs);
    // A look that is under way may have been answered before whatever the follower wants to see.
    if (options.fresh && watch.look !== undefined) await this.#awaitLook(watch, follower, signal);
    if (options.fresh || isUnknown(watch.state.view)) await this.#awaitLook(watch, follower, signal);
    return this.#watches.has(watch.key) ? watch.state.view : ended(tag);
  }

  unfollow(follower: string): void {
    const watch = this.#watches.get(this.#keyOf.get(follower) ?? '');
    this.#keyOf.delete(follower);
    watch?.followers.delete(follower);
    if (watch?.followers.size === 0) this.#drop(watch);
  }

  /** Stops all polls; who waits in `follow` is answered with what is known. */
  close(): void {
    this.#isClosed = true;
    for (const watch of [...this.#watches.values()]) this.#drop(watch);
    this.#keyOf.clear();
  }

  #join(follower: string, tag: TagAddress, intervalMs: number): Watch {
    const key = keyOf(tag);
    if (this.#keyOf.get(follower) !== key) this.unfollow(follower);
    const watch = this.#watches.get(key) ?? this.#add(key, tag, intervalMs);
    this.#keyOf.set(follower, key);
    watch.followers.set(follower, intervalMs);
    // Longer intervals are found out at the next look; a shorter one brings it forward.
    if (intervalMs < watch.intervalMs) this.#schedule(watch);
    return watch;
  }

  #add(key: string, tag: TagAddress, intervalMs: number): Watch {
    const { registry } = tag.reference;
    const gate = this.#gates.get(registry) ?? new OriginGate();
    this.#gates.set(registry, gate);
    gate.tags += 1;
    const stop = new AbortController();
    const watch: Watch = { key, tag, gate, followers: new Map(), waiting: new Set(), stop, state: UNKNOWN, intervalMs, lookedAt: 0, look: undefined, cancelTimer: () => undefined };
    this.#watches.set(key, watch);
    return watch;
  }

  #drop(watch: Watch): void {
    watch.cancelTimer();
    watch.stop.abort(new Error('nobody follows the tag any longer'));
    this.#watches.delete(watch.key);
    watch.gate.tags -= 1;
    // A registry that asked to be left alone is remembered, else following anew would be a way around it.
    if (watch.gate.tags === 0 && watch.gate.holdMs(this.#options.clock.now()) === 0) this.#gates.delete(watch.tag.reference.registry);
  }

  /** Waits for a look, but not for a registry that is slow: who is answered before the look is over is woken by it. */
  async #awaitLook(watch: Watch, follower: string, signal: AbortSignal): Promise<void> {
    watch.waiting.add(follower);
    let cancel = (): void => undefined;
    const patience = new Promise<void>((resolve) => {
      cancel = this.#options.clock.after(PATIENCE_MS, resolve);
    });
    try {
      await abortable(Promise.race([this.#look(watch), patience]), signal);
    } finally {
      cancel();
      watch.waiting.delete(follower);
    }
  }

  // One look at a time: who comes while it is under way shares it.
  #look(watch: Watch): Promise<void> {
    watch.cancelTimer();
    watch.look ??= this.#lookOnce(watch);
    return watch.look;
  }

  async #lookOnce(watch: Watch): Promise<void> {
    const outcome = await this.#ask(watch);
    watch.look = undefined;
    if (outcome === undefined) return;
    const before = watch.state.view;
    watch.state = afterLook(watch.state, outcome);
    watch.lookedAt = this.#options.clock.now();
    this.#schedule(watch);
    this.#tell(watch, before);
  }

  // Undefined when the watch ended meanwhile.
  async #ask({ tag, gate, stop: { signal } }: Watch): Promise<LookOutcome | undefined> {
    try {
      const outcome = await gate.slots.use(() => this.#slots.use(() => this.#resolve(tag, gate, signal), signal), signal);
      return signal.aborted ? undefined : outcome;
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
  }

  async #resolve(tag: TagAddress, gate: OriginGate, signal: AbortSignal): Promise<LookOutcome> {
    const { clock, resolve } = this.#options;
    const holdMs = gate.holdMs(clock.now());
    if (holdMs > 0) return { kind: 'Postponed', error: failure('Throttled', attemptOf(tag), 'the registry asked to be left alone for now', { retryAfterMs: holdMs }) };
    const pass = gate.enter();
    const outcome = await resolve(tag, signal).then(
      (digest): LookOutcome => ({ kind: 'Seen', digest }),
      (error: unknown): LookOutcome => ({ kind: 'Failed', error: asRegistryError(tag, error) }),
    );
    if (signal.aborted) gate.abandon(pass);
    else gate.leave(pass, outcome.kind === 'Failed' ? outcome.error : undefined, clock.now());
    return outcome;
  }

  #schedule(watch: Watch): void {
    watch.cancelTimer();
    watch.intervalMs = smallest(watch.followers.values());
    if (watch.look !== undefined) return;
    const { clock } = this.#options;
    const {
      intervalMs,
      state: { failures },
      lookedAt,
      gate,
    } = watch;
    const now = clock.now();
    const delayMs = nextLookMs({ intervalMs, failures, sinceLookMs: now - lookedAt, holdMs: gate.holdMs(now), random: clock.random() });
    watch.cancelTimer = clock.after(delayMs, () => void this.#look(watch));
  }

  #tell({ tag, state, followers, waiting }: Watch, before: TagView): void {
    const { logger, wake, metrics = SILENT_METRICS.registry } = this.#options;
    const { view } = state;
    if (before.digest !== undefined && view.digest !== before.digest) metrics.digestChanged();
    const woken = followersToWake(before, view, followers.keys(), waiting);
    const fields = { tag: printReference(tag.reference), digest: view.digest, followers: followers.size };
    if (view.trouble !== undefined && view.trouble.code !== before.trouble?.code) logger.warn({ ...fields, code: view.trouble.code }, view.trouble.message);
    else if (view.digest !== before.digest) logger.info(fields, before.digest === undefined ? 'tag is followed' : 'tag moved');
    else if (view.trouble === undefined && before.trouble !== undefined) logger.info(fields, 'registry answers again');
    for (const follower of woken) wake(follower);
  }
}

const keyOf = (tag: TagAddress): string => [tag.reference.registry, tag.reference.repository, tag.reference.tag, accessKey(tag)].join(' ');

const attemptOf = ({ reference }: TagAddress): string => `resolve ${printReference(reference)}`;

const ended = (tag: TagAddress): TagView => ({ digest: undefined, trouble: failure('Unavailable', attemptOf(tag), 'the tag is no longer followed') });

const smallest = (values: Iterable<number>): number => {
  let least = Number.POSITIVE_INFINITY;
  for (const value of values) least = Math.min(least, value);
  return least;
};

const asRegistryError = (tag: TagAddress, error: unknown): RegistryError =>
  error instanceof RegistryError ? error : failure('Unavailable', attemptOf(tag), 'looking at it failed', { cause: error });
