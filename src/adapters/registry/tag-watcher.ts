import { chooseTag, isSameList, type TagList } from '../../core/chosen-tag.ts';
import type { PushHint } from '../../core/push-event.ts';
import { printReference } from '../../core/reference.ts';
import type { VersionRange } from '../../core/version-range.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/logger.ts';
import { type RegistryMetrics, SILENT_METRICS } from '../../ports/metrics.ts';
import type { RangeAddress, RangeView, RegistryView, TagAddress, Tags, TagView } from '../../ports/registry.ts';
import { accessKey } from './access-key.ts';
import { failure } from './failure.ts';
import { apiHost } from './origin.ts';
import { OriginGates } from './origin-gates.ts';
import { type Look, type Place, Polls } from './polls.ts';
import { viewOf } from './registry-view.ts';

export interface TagWatcherOptions {
  /** Asks the registry for the digest; rejects with RegistryError and is bounded in time by itself. */
  readonly resolve: (tag: TagAddress, signal: AbortSignal) => Promise<string>;
  /** Asks it for the tags of a repository, in the same way. */
  readonly list: (repository: Place, signal: AbortSignal) => Promise<TagList>;
  /** Called for each follower that should look again; must not throw. */
  readonly wake: (follower: string) => void;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Shared with who else asks the registries; its own when absent. */
  readonly gates?: OriginGates;
  /** Where digest changes are counted; nowhere when absent. */
  readonly metrics?: Pick<RegistryMetrics, 'digestChanged'>;
}

/** Who follows a range, and what it has chosen for him. */
interface RangeFollower {
  readonly range: VersionRange;
  readonly tag: string | undefined;
}

/** Polls tags, each once however many follow it, and each registry no more than it takes well. */
export class TagWatcher implements Tags {
  readonly #options: TagWatcherOptions;
  readonly #gates: OriginGates;
  readonly #digests: Polls<TagAddress, string>;
  readonly #lists: Polls<Place, TagList>;
  readonly #ranges = new Map<string, RangeFollower>();

  constructor(options: TagWatcherOptions) {
    const { resolve, list, wake, clock, gates = new OriginGates(clock) } = options;
    this.#options = options;
    this.#gates = gates;
    this.#digests = new Polls({
      question: { ask: resolve, keyOf, attemptOf: ({ reference }) => `resolve ${printReference(reference)}`, isSame: (one, other) => one === other },
      gates,
      wake,
      looked: (look) => this.#looked(look),
      clock,
    });
    this.#lists = new Polls({
      question: { ask: list, keyOf: repositoryKey, attemptOf: ({ reference }) => `list the tags of ${printReference(reference)}`, isSame: isSameList },
      gates,
      wake: (follower, look) => this.#listChanged(follower, look),
      looked: (look) => this.#listed(look),
      clock,
    });
  }

  async follow(follower: string, tag: TagAddress, options: { readonly intervalMs: number; readonly fresh: boolean }, signal: AbortSignal): Promise<TagView> {
    this.#leaveRange(follower);
    const { seen, trouble } = await this.#digests.follow(follower, tag, options, signal);
    return { digest: seen, trouble };
  }

  async followRange(
    follower: string,
    { reference, range, ...access }: RangeAddress,
    { intervalMs, listIntervalMs, fresh }: { readonly intervalMs: number; readonly listIntervalMs: number; readonly fresh: boolean },
    signal: AbortSignal,
  ): Promise<RangeView> {
    const list = await this.#lists.follow(follower, { ...access, reference }, { intervalMs: listIntervalMs, fresh }, signal);
    const choice = list.seen && chooseTag(range, list.seen);
    const tag = choice?.kind === 'Chosen' ? choice.tag : undefined;
    this.#ranges.set(follower, { range, tag });
    if (tag === undefined) {
      this.#digests.unfollow(follower);
      const none = choice?.kind === 'None' ? failure('NoMatch', `choose a version of ${printReference(reference)}`, choice.message) : undefined;
      return { tag, digest: undefined, trouble: list.trouble ?? none };
    }
    const { seen, trouble } = await this.#digests.follow(follower, { ...access, reference: { ...reference, tag } }, { intervalMs, fresh }, signal);
    return { tag, digest: seen, trouble: trouble ?? list.trouble };
  }

  unfollow(follower: string): void {
    this.#leaveRange(follower);
    this.#digests.unfollow(follower);
  }

  /** Somebody says that there is something new in a repository, at that tag or at any. What is followed of it is looked at now; nothing else is done about it. */
  hint({ registry, repository, tag }: PushHint): void {
    const host = apiHost(registry);
    const isThere = ({ reference }: Place): boolean => reference.repository === repository && apiHost(reference.registry) === host;
    this.#digests.hint((place) => (tag === undefined || place.reference.tag === tag) && isThere(place));
    this.#lists.hint(isThere);
  }

  /** Stops all polls; who waits in `follow` is answered with what is known. */
  close(): void {
    this.#digests.close();
    this.#lists.close();
    this.#ranges.clear();
  }

  /** How each registry fares: what is asked of it, what it allows, and when it is asked next. */
  registries(): readonly RegistryView[] {
    const nextAt = new Map<unknown, number>();
    for (const [gate, dueAt] of [...this.#digests.dueTimes(), ...this.#lists.dueTimes()]) nextAt.set(gate, Math.min(dueAt, nextAt.get(gate) ?? dueAt));
    const now = this.#options.clock.now();
    return [...this.#gates.entries()].map(([host, gate]) => viewOf(host, gate, nextAt.get(gate), now));
  }

  #leaveRange(follower: string): void {
    this.#ranges.delete(follower);
    this.#lists.unfollow(follower);
  }

  /** Most of what is pushed concerns few of the ranges. */
  #listChanged(follower: string, { before, after }: Look<Place, TagList>): void {
    const known = this.#ranges.get(follower);
    const choice = known === undefined || after.seen === undefined ? undefined : chooseTag(known.range, after.seen);
    const tag = choice?.kind === 'Chosen' ? choice.tag : undefined;
    if (before.trouble?.code !== after.trouble?.code || before.seen === undefined || tag !== known?.tag) this.#options.wake(follower);
  }

  #listed({ place: { reference }, before, after, followers }: Look<Place, TagList>): void {
    const { logger } = this.#options;
    const fields = { repository: printReference(reference), tags: after.seen?.count, followers };
    if (after.trouble !== undefined && after.trouble.code !== before.trouble?.code) logger.warn({ ...fields, code: after.trouble.code }, after.trouble.message);
    else if (after.trouble === undefined && before.trouble !== undefined) logger.info(fields, 'tags are listed again');
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

const repositoryKey = (place: Place): string => [apiHost(place.reference.registry), place.reference.repository, accessKey(place)].join(' ');

const keyOf = (tag: TagAddress): string => [apiHost(tag.reference.registry), tag.reference.repository, tag.reference.tag, accessKey(tag)].join(' ');
