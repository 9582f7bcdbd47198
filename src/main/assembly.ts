import { KubeCauses } from '../adapters/kube/causes.ts';
import { KubeCluster } from '../adapters/kube/cluster.ts';
import type { Connection } from '../adapters/kube/connection.ts';
import { KubeEvents } from '../adapters/kube/events.ts';
import { KubeHealths } from '../adapters/kube/healths.ts';
import { KubeImprints } from '../adapters/kube/imprints.ts';
import type { Leadership } from '../adapters/kube/leadership.ts';
import { KubeLookups } from '../adapters/kube/lookups.ts';
import { ManagedWatches } from '../adapters/kube/managed-watches.ts';
import { KubePods } from '../adapters/kube/pods.ts';
import { KubeRecords } from '../adapters/kube/records.ts';
import { KubeReleases } from '../adapters/kube/releases.ts';
import { KubeSecrets } from '../adapters/kube/secrets.ts';
import { KubeServiceAccounts } from '../adapters/kube/service-accounts.ts';
import { KubeSources } from '../adapters/kube/sources.ts';
import type { OriginGates } from '../adapters/registry/origin-gates.ts';
import { TagWatcher, type TagWatcherOptions } from '../adapters/registry/tag-watcher.ts';
import { Accepted } from '../controller/accepted.ts';
import { Definitions } from '../controller/definitions.ts';
import type { Deps } from '../controller/deps.ts';
import { Contests } from '../controller/drift/contests.ts';
import { Expectations } from '../controller/drift/expectations.ts';
import { Histories } from '../controller/histories.ts';
import { Homes } from '../controller/homes.ts';
import { Departures } from '../controller/leave/departures.ts';
import { Brake } from '../controller/pace/brake.ts';
import { Contenders } from '../controller/pace/contenders.ts';
import { Dependents } from '../controller/pace/dependents.ts';
import { Rollouts } from '../controller/rollouts.ts';
import { Standings } from '../controller/standings.ts';
import { triggers, wakeHeld } from '../controller/triggers.ts';
import { Workqueue } from '../controller/workqueue.ts';
import { isExcusedOwner } from '../core/drift.ts';
import { healthOf } from '../core/health.ts';
import type { ChartAges } from '../core/kept-charts.ts';
import type { Clock } from '../ports/clock.ts';
import type { CloudIdentities } from '../ports/cloud-identities.ts';
import type { DefaultCredentials } from '../ports/default-credentials.ts';
import type { Logger } from '../ports/logger.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { Mirrors } from '../ports/mirrors.ts';
import type { Charts, ChartStock } from '../ports/registry.ts';
import type { SeenRelease } from '../ports/releases.ts';
import type { Renderer } from '../ports/renderer.ts';
import type { Config } from './config.ts';

/** What an operator stands on: the world as it meets it. */
export interface Ground {
  readonly config: Pick<Config, 'watchNamespaces' | 'maxRolling' | 'suspectAfter' | 'takeoverAfterMs' | 'deletionTimeoutMs' | 'excusedOwners'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly connection: Connection;
  /** Undefined where nobody is elected. */
  readonly leadership: Leadership | undefined;
  /** What those who ask registries have in common; their own where absent. */
  readonly gates?: OriginGates;
  /** Asks a registry for the digest of a tag. */
  readonly resolve: TagWatcherOptions['resolve'];
  /** Asks it for the tags of a repository. */
  readonly list: TagWatcherOptions['list'];
  readonly charts: Charts;
  readonly stock: ChartStock;
  readonly renderer: Renderer;
  readonly defaultCredentials: DefaultCredentials;
  readonly cloudIdentities: CloudIdentities;
  readonly mirrors: Mirrors;
  /** Names this instance in its Events. */
  readonly instance: string;
  /** A text of 16 hexadecimal digits that is another one each time. */
  readonly unique?: () => string;
}

/** An operator that is put together and does nothing yet. */
export interface Assembly {
  readonly deps: Deps;
  readonly queue: Workqueue;
  readonly releases: KubeReleases;
  readonly records: KubeRecords;
  readonly tags: TagWatcher;
  readonly events: KubeEvents;
  /** The charts of all revisions in history; undefined while not all of them are known. */
  chartAges(): ChartAges | undefined;
  /** Puts a release on the queue, once work has begun. */
  readonly wake: (key: string) => void;
  /** Resolves when this replica is to work, which it is at once where nobody is elected; with false when it is stopped before. */
  isDue(signal: AbortSignal): Promise<boolean>;
  /** All releases are looked at, and each that is woken from now on. */
  begin(): void;
}

/** Puts an operator together: who is told what by whom. */
export const assemble = (ground: Ground): Assembly => {
  const { config, clock, logger, metrics, connection, leadership } = ground;
  const queue = new Workqueue(clock, metrics.queue);
  // Nothing waits while nobody works: all releases are looked at when that begins.
  let isWorking = false;
  const wake = (key: string) => {
    if (isWorking) queue.add(key);
  };
  const rollouts = new Rollouts();
  const dependents = new Dependents(wake);
  const expectations = new Expectations();
  const { releaseChanged, healthChanged, imprintChanged, tagChanged } = triggers(wake, rollouts, dependents, expectations);
  const watches = new ManagedWatches(connection, { healthOf, isExcused: (owner) => isExcusedOwner(owner, config.excusedOwners) });
  const releases = new KubeReleases(connection, {
    namespaces: config.watchNamespaces,
    changed: releaseChanged,
    onBack: () => {
      queue.hurry();
      wakeHeld(wake, releases, 'ClusterUnavailable');
    },
  });
  const homes = new Homes(wake);
  const histories = new Histories();
  const brake = new Brake({ ...config, isThere: (key) => isThere(releases.get(key)), wake });
  const records = new KubeRecords(connection, {
    changed: (address, heads) => {
      brake.recordsChanged(address, heads);
      homes.recordsChanged(address, heads);
      histories.recordsChanged(address, heads);
      leadership?.recordsChanged(heads);
    },
    term: () => leadership?.term,
  });
  const events = new KubeEvents(connection, ground.instance, ground.unique);
  const tags = new TagWatcher({
    resolve: ground.resolve,
    list: ground.list,
    wake: tagChanged,
    clock,
    logger,
    metrics: metrics.registry,
    ...(ground.gates !== undefined && { gates: ground.gates }),
  });
  const deps: Deps = {
    releases,
    records,
    cluster: new KubeCluster(connection),
    lookups: new KubeLookups(connection),
    healths: new KubeHealths(watches, healthChanged),
    imprints: new KubeImprints(watches, imprintChanged),
    pods: new KubePods(connection),
    causes: new KubeCauses(connection, healthChanged),
    secrets: new KubeSecrets(connection),
    serviceAccounts: new KubeServiceAccounts(connection),
    defaultCredentials: ground.defaultCredentials,
    cloudIdentities: ground.cloudIdentities,
    mirrors: ground.mirrors,
    sources: new KubeSources(connection, wake),
    events,
    tags,
    charts: ground.charts,
    stock: ground.stock,
    renderer: ground.renderer,
    clock,
    takeoverAfterMs: config.takeoverAfterMs,
    logger,
    metrics: metrics.runs,
    rollouts,
    standings: new Standings(),
    accepted: new Accepted(),
    definitions: new Definitions(),
    contenders: new Contenders(wake),
    dependents,
    departures: new Departures(config.deletionTimeoutMs),
    brake,
    homes,
    expectations,
    contests: new Contests(),
    excusedOwners: config.excusedOwners,
  };
  return {
    deps,
    queue,
    releases,
    records,
    tags,
    events,
    chartAges: () => (records.isReady ? histories.ages() : undefined),
    wake,
    isDue: (signal) => isDue(signal, { ground, releases, records }),
    begin: () => {
      isWorking = true;
      for (const key of releases.keys()) queue.add(key);
    },
  };
};

interface Beginning {
  readonly ground: Ground;
  readonly releases: KubeReleases;
  readonly records: KubeRecords;
}

const isDue = async (signal: AbortSignal, { ground: { config, logger, leadership }, releases, records }: Beginning): Promise<boolean> => {
  try {
    await releases.ready(signal);
    logger.info({ namespaces: config.watchNamespaces, releases: releases.keys().length }, 'ready');
    if (leadership === undefined) return true;
    await records.settled(signal);
    await leadership.campaign(signal);
    // A watch may be behind, and what the leader before did in the meantime must be known before anything is done.
    releases.refresh();
    records.refresh();
    await releases.ready(signal);
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
};

/** What is about to go holds up nobody. */
const isThere = (seen: SeenRelease | undefined): boolean => seen !== undefined && seen.release.metadata.deletionTimestamp === undefined;
