import { connectionTo } from '../../src/adapters/kube/connect.ts';
import { Tenure } from '../../src/adapters/kube/fence.ts';
import { Leadership } from '../../src/adapters/kube/leadership.ts';
import { KubeLease } from '../../src/adapters/kube/lease.ts';
import type { Connection } from '../../src/adapters/kube/connection.ts';
import { NO_CREDENTIALS } from '../../src/adapters/system/credentials-file.ts';
import { work } from '../../src/controller/controller.ts';
import { type Assembly, assemble } from '../../src/main/assembly.ts';
import { NO_STOCK } from '../../src/ports/registry.ts';
import { NO_CLOUDS } from '../../src/ports/cloud-identities.ts';
import type { Logger } from '../../src/ports/logger.ts';
import { type Metrics, SILENT_METRICS } from '../../src/ports/metrics.ts';
import type { Renderer } from '../../src/ports/renderer.ts';
import type { Random } from '../seeded.ts';
import { SimulatedClock } from './clock.ts';
import { type NetworkOptions, poolsFor } from './network.ts';
import type { SimulatedRegistry } from './registry.ts';

/** What operators run in. */
export interface Surroundings {
  readonly network: NetworkOptions;
  readonly registry: SimulatedRegistry;
  readonly renderer: Renderer;
  readonly random: Random;
  readonly logger: Logger;
  /** Whether there are several, of which a leader is elected. */
  readonly isElected: boolean;
  /** Told of every run of a release that begins. */
  readonly ran: () => void;
  /** Told when a replica ends by itself. */
  readonly ended: (replica: Replica, why: string) => void;
}

/** Longer than they are by default: a renewal costs as much time here as anything. */
const TIMES = { leaseMs: 60_000, renewDeadlineMs: 40_000, retryMs: 10_000 };
/** Where the Lease is. */
export const HOME = 'tagalong-system';
export const LEASE = 'tagalong';

const counted = (ran: () => void) => {
  ran();
  return () => undefined;
};

const CONFIG = { watchNamespaces: [], maxRolling: 50, suspectAfter: 5, takeoverAfterMs: 30 * 60_000, deletionTimeoutMs: 60_000, excusedOwners: [] };

/** One process of the operator, from its start to its end: the very operator, but for what it stands on. */
export class Replica {
  readonly #connection: Connection;
  readonly #assembly: Assembly;
  readonly #tenure: Tenure;
  readonly #leadership: Leadership | undefined;
  readonly #end = new AbortController();
  /** Read by everything that would happen to it. */
  isOver = false;
  sleepsUntil = 0;
  readonly instance: string;

  constructor(surroundings: Surroundings, instance: string) {
    const { network, registry, renderer, random, logger, ran } = surroundings;
    this.instance = instance;
    const clock = new SimulatedClock(network.timeline, random, this);
    const credentials = { tls: {}, headers: async () => ({}), renew: async () => undefined };
    this.#tenure = new Tenure({ clock, renewDeadlineMs: TIMES.renewDeadlineMs, lost: (why) => this.#lose(why, surroundings) });
    this.#connection = connectionTo(
      { server: 'http://simulated', namespace: HOME, credentials },
      { clock, logger, openPools: () => poolsFor(network, this), ...(surroundings.isElected && { fence: this.#tenure }) },
    );
    const lease = new KubeLease(this.#connection, { namespace: HOME, name: LEASE });
    this.#leadership = surroundings.isElected ? new Leadership({ lease, tenure: this.#tenure, identity: instance, times: TIMES, clock, logger }) : undefined;
    const metrics: Metrics = { ...SILENT_METRICS, runs: { ...SILENT_METRICS.runs, begin: () => counted(ran) } };
    this.#assembly = assemble({
      config: CONFIG,
      clock,
      logger,
      metrics,
      connection: this.#connection,
      leadership: this.#leadership,
      resolve: registry.resolver(this),
      list: registry.lister(this),
      charts: registry.charts(this),
      stock: NO_STOCK,
      renderer,
      defaultCredentials: NO_CREDENTIALS,
      cloudIdentities: NO_CLOUDS,
      mirrors: { of: () => [] },
      instance,
      unique: () =>
        Math.floor(random() * 2 ** 52)
          .toString(16)
          .padStart(16, '0'),
    });
    void this.#start();
  }

  /** Ends it where it stands: what it has sent is on its way, and nothing comes back. */
  kill(): void {
    this.isOver = true;
  }

  /** Lets go of everything when its world has ended: what it waits for would be kept for ever. */
  async close(): Promise<void> {
    this.isOver = true;
    this.#end.abort(new Error('the course is over'));
    await this.#connection.close();
    this.#tenure.end();
    await this.#leadership?.resign();
  }

  #lose(why: string, { ended }: Surroundings): void {
    this.isOver = true;
    ended(this, why);
  }

  async #start(): Promise<void> {
    const { deps, queue, releases, records } = this.#assembly;
    releases.start();
    records.start();
    const { signal } = this.#end;
    if (!(await this.#assembly.isDue(signal))) return;
    this.#assembly.begin();
    await work(deps, queue, { concurrency: 4 }, signal);
  }
}
