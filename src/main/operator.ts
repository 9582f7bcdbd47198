import { once } from 'node:events';
import { hostname } from 'node:os';
import { KubeCauses } from '../adapters/kube/causes.ts';
import { KubeCluster } from '../adapters/kube/cluster.ts';
import { connectInPod, connectWithKubeconfig, type ConnectionTools } from '../adapters/kube/connect.ts';
import type { Connection } from '../adapters/kube/connection.ts';
import { KubeEvents } from '../adapters/kube/events.ts';
import { KubeHealths } from '../adapters/kube/healths.ts';
import { KubeImprints } from '../adapters/kube/imprints.ts';
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
import { ListenError } from '../server/http-server.ts';
import { type Config, ConfigError, readConfig, USAGE } from './config.ts';
import { openEndpoints } from './endpoints.ts';
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
  const connection = await connect(config, { clock, logger, metrics: metrics.api });
  const queue = new Workqueue(clock, metrics.queue);
  const rollouts = new Rollouts();
  const dependents = new Dependents((key) => queue.add(key));
  const expectations = new Expectations();
  const { releaseChanged, healthChanged, imprintChanged, tagChanged } = triggers(queue, rollouts, dependents, expectations);
  const watches = new ManagedWatches(connection, { healthOf, isExcused: (owner) => isExcusedOwner(owner, config.excusedOwners) });
  const releases = new KubeReleases(connection, { namespaces: config.watchNamespaces, changed: releaseChanged });
  const homes = new Homes((key) => queue.add(key));
  const brake = new Brake({ ...config, isThere: (key) => isThere(releases.get(key)), wake: (key) => queue.add(key) });
  const records = new KubeRecords(connection, (address, heads) => {
    brake.recordsChanged(address, heads);
    homes.recordsChanged(address, heads);
  });
  const events = new KubeEvents(connection, hostname());
  const registry = new RegistryClient({ clock, ...config.registries, metrics: metrics.registry });
  const tags = new TagWatcher({ resolve: (tag, signal) => registry.resolve(tag, signal), wake: tagChanged, clock, logger, metrics: metrics.registry });
  const renderer = openRenderer(config, { clock, logger, onBack: () => wakeHeld(queue, releases, 'RendererUnavailable') });
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
    sources: new KubeSources(connection, (key) => queue.add(key)),
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
    contenders: new Contenders((key) => queue.add(key)),
    dependents,
    departures: new Departures(config.deletionTimeoutMs),
    brake,
    homes,
    expectations,
    contests: new Contests(),
    excusedOwners: config.excusedOwners,
  };

  const stopped = once(process, 'SIGTERM').catch(() => undefined);
  const interrupted = once(process, 'SIGINT').catch(() => undefined);
  let isStopping = false;
  metrics.follow(releases);
  metrics.watch(renderer);
  metrics.watchRollouts(brake);
  const ready = [
    { name: 'releases', problem: () => (releases.isReady ? undefined : 'the ChartReleases are not listed yet') },
    { name: 'records', problem: () => (records.isReady ? undefined : 'the Helm release records are not listed yet') },
    { name: 'helm-engine', problem: () => (renderer.isUp ? undefined : renderer.describe()) },
    { name: 'shutdown', problem: () => (isStopping ? 'the operator is stopping' : undefined) },
  ];
  const endpoints = await openEndpoints({ addresses: config, metrics, ready, clock, logger });
  const cutOff = new AbortController();
  renderer.warmUp();
  releases.start();
  records.start();
  await Promise.race([releases.ready(cutOff.signal), stopped, interrupted]);
  const working = work(deps, queue, { concurrency: config.concurrent }, cutOff.signal);
  logger.info({ namespaces: config.watchNamespaces, releases: releases.keys().length }, 'ready');

  await Promise.race([stopped, interrupted]);
  isStopping = true;
  logger.info({}, 'stopping: no new work is begun');
  queue.close();
  const cancel = clock.after(GRACE_MS, () => cutOff.abort(new Error('the operator is stopping')));
  await working;
  cancel();
  tags.close();
  await events.drain(AbortSignal.timeout(DRAIN_MS)).catch(() => undefined);
  await renderer.close();
  await registry.close();
  await connection.close();
  await endpoints.close();
};

/** What is about to go holds up nobody. */
const isThere = (seen: SeenRelease | undefined): boolean => seen !== undefined && seen.release.metadata.deletionTimestamp === undefined;

const connect = (config: Config, tools: ConnectionTools): Promise<Connection> | Connection =>
  config.access.kind === 'Kubeconfig' ? connectWithKubeconfig(config.access.file, undefined, tools) : connectInPod(config.access, tools);

try {
  const config = await readConfig(process.argv.slice(2), process.env);
  if (config === undefined) console.log(USAGE);
  else await operate(config);
} catch (error) {
  if (!(error instanceof ConfigError) && !(error instanceof ClusterError) && !(error instanceof ListenError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
