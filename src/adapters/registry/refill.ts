import { LRUCache } from 'lru-cache';
import { printReference, type Reference } from '../../core/reference.ts';
import { retryDelayMs } from '../../core/retry.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/logger.ts';
import { type Access, type ChartStock, RegistryError } from '../../ports/registry.ts';
import { accessKey } from './access-key.ts';
import type { OriginGates } from './origin-gates.ts';
import type { ChartAccess } from './registry-client.ts';
import type { StoredClient } from './stored-client.ts';

export interface RefillOptions {
  readonly client: Pick<StoredClient, 'complete'>;
  readonly gates: OriginGates;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** After each chart that was fetched, and before the first. */
const PAUSE_MS = 1_000;
/** How soon registries are looked at again when none may be asked. */
const LOOK_AGAIN_MS = 60_000;
/** Charts that need not be looked at again. */
const MAX_SETTLED = 20_000;

/** A registry that did not answer, or does not want to be asked. */
interface Rest {
  readonly failures: number;
  readonly until: number;
}

/**
 * Fills a store with the charts that histories have, after it was lost: one at a time, and only while their registry has enough to give. Each is looked for
 * once in the life of a process; what the registry has no more is noted then.
 */
export class Refill implements ChartStock {
  readonly #options: RefillOptions;
  /** By chart, in the order in which they have their turn. */
  readonly #wanted = new Map<string, ChartAccess>();
  readonly #settled = new LRUCache<string, true>({ max: MAX_SETTLED });
  readonly #rests = new Map<string, Rest>();
  readonly #stop = new AbortController();
  /** A turn is to come, or under way. */
  #isBusy = false;
  #cancelTimer: () => void = () => undefined;

  constructor(options: RefillOptions) {
    this.#options = options;
  }

  want({ registry, repository }: Pick<Reference, 'registry' | 'repository'>, digests: readonly string[], { credential, tls, mirrorCredentials }: Access): void {
    for (const digest of digests) {
      const access = { reference: { registry, repository, digest }, credential, tls, mirrorCredentials };
      if (!this.#isSettled(access)) this.#wanted.set(printReference(access.reference), access);
    }
    if (!this.#isBusy && !this.#stop.signal.aborted) this.#goOnAfter(PAUSE_MS);
  }

  /** Ends it. */
  close(): void {
    this.#cancelTimer();
    this.#wanted.clear();
    this.#stop.abort(new Error('nothing is fetched for the chart store any longer'));
  }

  #goOnAfter(delayMs: number): void {
    this.#isBusy = this.#wanted.size > 0;
    if (this.#isBusy) this.#cancelTimer = this.#options.clock.after(delayMs, () => void this.#takeTurn());
  }

  async #takeTurn(): Promise<void> {
    const next = this.#next();
    this.#goOnAfter(next === undefined ? LOOK_AGAIN_MS : (await this.#complete(...next)) ? PAUSE_MS : 0);
  }

  #next(): readonly [string, ChartAccess] | undefined {
    const { gates, clock } = this.#options;
    const now = clock.now();
    for (const [chart, access] of this.#wanted) {
      const { registry } = access.reference;
      const isResting = (this.#rests.get(registry)?.until ?? 0) > now || gates.at(registry).spareMs(now) > 0;
      gates.leave(registry);
      if (!isResting) return [chart, access];
    }
    return undefined;
  }

  /** Has the store have a chart, or finds out why it cannot; false where the registry was not asked. Never rejects. */
  async #complete(chart: string, access: ChartAccess): Promise<boolean> {
    const { client, logger } = this.#options;
    const { registry } = access.reference;
    this.#wanted.delete(chart);
    try {
      const isFetched = await client.complete(access, this.#stop.signal);
      if (isFetched) logger.debug({ chart }, 'a chart in the history of a release was fetched for the chart store');
      this.#rests.delete(registry);
      this.#settled.set(chart, true);
      return isFetched;
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#failed(chart, access, error);
      return true;
    }
  }

  #failed(chart: string, access: ChartAccess, error: unknown): void {
    const { clock, logger } = this.#options;
    const { registry } = access.reference;
    if (!(error instanceof RegistryError) || error.code === 'Unavailable' || error.code === 'Throttled') {
      const failures = (this.#rests.get(registry)?.failures ?? 0) + 1;
      const pauseMs = Math.max(retryDelayMs(failures, clock.random()), error instanceof RegistryError ? (error.retryAfterMs ?? 0) : 0);
      this.#rests.set(registry, { failures, until: clock.now() + pauseMs });
      this.#wanted.set(chart, access);
      return;
    }
    this.#settled.set(error.code === 'Unauthorized' ? asWhom(chart, access) : chart, true);
    logger.info({ chart, code: error.code }, `a chart in the history of a release is not kept: ${error.message}`);
  }

  /** Another credential may get what one could not. */
  #isSettled(access: ChartAccess): boolean {
    const chart = printReference(access.reference);
    return this.#settled.has(chart) || this.#settled.has(asWhom(chart, access));
  }
}

const asWhom = (chart: string, access: ChartAccess): string => `${chart} ${accessKey(access)}`;
