import { once } from 'node:events';
import { hostname } from 'node:os';
import { KubeCauses } from '../adapters/kube/causes.ts';
import { KubeCluster } from '../adapters/kube/cluster.ts';
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
import { RegistryCharts } from '../adapters/registry/registry-charts.ts';
import { RegistryClient } from '../adapters/registry/registry-client.ts';
import { TagWatcher } from '../adapters/registry/tag-watcher.ts';
import { SystemClock } from '../adapters/system/clock.ts';
import { CredentialsFile, NO_CREDENTIALS } from '../adapters/system/credentials-file.ts';
import { createLogger } from '../adapters/system/logger.ts';
import { measured } from '../adapters/system/measured-renderer.ts';
import { PrometheusMetrics } from '../adapters/system/metrics.ts';
import { Accepted } from '../controller/accepted.ts';
import { Brake } from '../controller/pace/brake.ts';
import { work } from '../controller/controller.ts';
import { Contenders } from '../controller/pace/contenders.ts';
import { Definitions } from '../controller/definitions.ts';
import { Departures } from '../controller/leave/departures.ts';
import { Contests } from '../controller/drift/contests.ts';
import { Dependents } from '../controller/pace/dependents.ts';
import type { Deps } from '../controller/deps.ts';
import { Homes } from '../controller/homes.ts';
import { Expectations } from '../controller/drift/expectations.ts';
import { Rollouts } from '../controller/rollouts.ts';
import { Standings } from '../controller/standings.ts';
import { triggers, wakeHeld } from '../controller/triggers.ts';
import { Workqueue } from '../controller/workqueue.ts';
import { isExcusedOwner } from '../core/drift.ts';
import { healthOf } from '../core/health.ts';
import { ClusterError } from '../ports/cluster.ts';
import type { SeenRelease } from '../ports/releases.ts';
import type { Logger } from '../ports/logger.ts';
import { ListenError } from '../server/http-server.ts';
import { type Config, ConfigError, readConfig, USAGE } from './config.ts';
import { openEndpoints } from './endpoints.ts';
import { join } from './joining.ts';
import { openRenderer } from './rendering.ts';
import { VERSION } from './version.ts';

/** How long running work may go on after SIGTERM before it is cut off. */
const GRACE_MS = 20_000;
const DRAIN_MS = 3_000;

/** Runs the operator until SIGTERM or SIGINT. */
const operate = async (config: Config): Promise<void> => {
  const clock = new SystemClock();
  const logger = createLogger({ level: config.logLevel });
  const metrics = new PrometheusMetrics({ version: VERSION, maxConcurrent: config.concurrent });
  const { connection, leadership } = await join(config, { clock, logger, metrics: metrics.api });
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
  const brake = new Brake({ ...config, isThere: (key) => isThere(releases.get(key)), wake });
  const records = new KubeRecords(connection, {
    changed: (address, heads) => {
      brake.recordsChanged(address, heads);
      homes.recordsChanged(address, heads);
      leadership?.recordsChanged(heads);
    },
    term: () => leadership?.term,
  });
  const events = new KubeEvents(connection, hostname());
  const registry = new RegistryClient({ clock, ...config.registries, metrics: metrics.registry });
  const tags = new TagWatcher({ resolve: (tag, signal) => registry.resolve(tag, signal), wake: tagChanged, clock, logger, metrics: metrics.registry });
  const renderer = openRenderer(config, { clock, logger, onBack: () => wakeHeld(wake, releases, 'RendererUnavailable') });
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
    defaultCredentials: config.registryCredentials === undefined ? NO_CREDENTIALS : new CredentialsFile(config.registryCredentials, logger),
    sources: new KubeSources(connection, wake),
    events,
    tags,
    charts: new RegistryCharts({ client: registry, metrics: metrics.charts }),
    renderer: measured(renderer, metrics.renders),
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

  const stopping = new AbortController();
  const stopped = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  void stopped.then(() => stopping.abort(new Error('the operator is stopping')));
  metrics.follow(releases);
  metrics.watch(renderer);
  metrics.watchRollouts(brake);
  if (leadership !== undefined) metrics.watchLeadership(leadership);
  const ready = [
    { name: 'releases', problem: () => (releases.isReady ? undefined : 'the ChartReleases are not listed yet') },
    { name: 'records', problem: () => (records.isReady ? undefined : 'the Helm release records are not listed yet') },
    { name: 'helm-engine', problem: () => (renderer.isUp ? undefined : renderer.describe()) },
    ...(leadership === undefined ? [] : [{ name: 'election', problem: () => undefined, remark: () => leadership.describe() }]),
    { name: 'shutdown', problem: () => (stopping.signal.aborted ? 'the operator is stopping' : undefined) },
  ];
  const endpoints = await openEndpoints({ addresses: config, metrics, ready, clock, logger });
  const cutOff = new AbortController();
  renderer.warmUp();
  releases.start();
  records.start();
  if (await isDue(stopping.signal, { config, logger, releases, records, leadership })) {
    isWorking = true;
    for (const key of releases.keys()) queue.add(key);
    const working = work(deps, queue, { concurrency: config.concurrent }, cutOff.signal);
    await stopped;
    logger.info({}, 'stopping: no new work is begun');
    queue.close();
    const cancel = clock.after(GRACE_MS, () => cutOff.abort(new Error('the operator is stopping')));
    await working;
    cancel();
  }
  tags.close();
  await events.drain(AbortSignal.timeout(DRAIN_MS)).catch(() => undefined);
  // Where work was cut off, requests may be under way still: the Lease is left to run out.
  if (!cutOff.signal.aborted) await leadership?.resign();
  await renderer.close();
  await registry.close();
  await connection.close();
  await endpoints.close();
};

interface Beginning {
  readonly config: Config;
  readonly logger: Logger;
  readonly releases: KubeReleases;
  readonly records: KubeRecords;
  readonly leadership: Leadership | undefined;
}

/** Resolves when this replica is to work, which it is at once where nobody is elected; with false when it is stopped before. */
const isDue = async (signal: AbortSignal, { config, logger, releases, records, leadership }: Beginning): Promise<boolean> => {
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

try {
  const config = await readConfig(process.argv.slice(2), process.env);
  if (config === undefined) console.log(USAGE);
  else await operate(config);
} catch (error) {
  if (!(error instanceof ConfigError) && !(error instanceof ClusterError) && !(error instanceof ListenError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
