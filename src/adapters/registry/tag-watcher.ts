import { printReference } from '../../core/reference.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/logger.ts';
import { type RegistryMetrics, SILENT_METRICS } from '../../ports/metrics.ts';
import type { RegistryView, TagAddress, Tags, TagView } from '../../ports/registry.ts';
import { accessKey } from './access-key.ts';
import { apiHost } from './origin.ts';
import { OriginGates } from './origin-gates.ts';
import { type Look, Polls } from './polls.ts';
import { viewOf } from './registry-view.ts';

export interface TagWatcherOptions {
  /** Asks the registry for the digest; rejects with RegistryError and is bounded in time by itself. */
  readonly resolve: (tag: TagAddress, signal: AbortSignal) => Promise<string>;
  /** Called for each follower that should look again; must not throw. */
  readonly wake: (follower: string) => void;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Shared with who else asks the registries; its own when absent. */
  readonly gates?: OriginGates;
  /** Where digest changes are counted; nowhere when absent. */
  readonly metrics?: Pick<RegistryMetrics, 'digestChanged'>;
}

/** Polls tags, each once however many follow it, and each registry no more than it takes well. */
export class TagWatcher implements Tags {
  readonly #options: TagWatcherOptions;
  readonly #gates: OriginGates;
  readonly #digests: Polls<TagAddress, string>;

  constructor(options: TagWatcherOptions) {
    const { resolve, wake, clock, gates = new OriginGates(clock) } = options;
    this.#options = options;
    this.#gates = gates;
    this.#digests = new Polls({
      question: { ask: resolve, keyOf, attemptOf: ({ reference }) => `resolve ${printReference(reference)}`, isSame: (one, other) => one === other },
      gates,
      wake,
      looked: (look) => this.#looked(look),
      clock,
    });
  }

  async follow(follower: string, tag: TagAddress, options: { readonly intervalMs: number; readonly fresh: boolean }, signal: AbortSignal): Promise<TagView> {
    const { seen, trouble } = await this.#digests.follow(follower, tag, options, signal);
    return { digest: seen, trouble };
  }

  unfollow(follower: string): void {
    this.#digests.unfollow(follower);
  }

  /** Stops all polls; who waits in `follow` is answered with what is known. */
  close(): void {
    this.#digests.close();
  }

  /** How each registry fares: what is asked of it, what it allows, and when it is asked next. */
  registries(): readonly RegistryView[] {
    const nextAt = new Map<unknown, number>();
    for (const [gate, dueAt] of this.#digests.dueTimes()) nextAt.set(gate, Math.min(dueAt, nextAt.get(gate) ?? dueAt));
    const now = this.#options.clock.now();
    return [...this.#gates.entries()].map(([host, gate]) => viewOf(host, gate, nextAt.get(gate), now));
  }

  #looked({ place: { reference }, before, after, followers }: Look<TagAddress, string>): void {
    const { logger, metrics = SILENT_METRICS.registry } = this.#options;
    if (before.seen !== undefined && after.seen !== before.seen) metrics.digestChanged();
    const fields = { tag: printReference(reference), digest: after.seen, followers };
    if (after.trouble !== undefined && after.trouble.code !== before.trouble?.code) logger.warn({ ...fields, code: after.trouble.code }, after.trouble.message);
    else if (after.seen !== before.seen) logger.info(fields, before.seen === undefined ? 'tag is followed' : 'tag moved');
    else if (after.trouble === undefined && before.trouble !== undefined) logger.info(fields, 'registry answers again');
  }
}

const keyOf = (tag: TagAddress): string => [apiHost(tag.reference.registry), tag.reference.repository, tag.reference.tag, accessKey(tag)].join(' ');
