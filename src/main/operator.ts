import { once } from 'node:events';
import { hostname } from 'node:os';
import path from 'node:path';
import { EcrIdentities } from '../adapters/registry/ecr/ecr-identities.ts';
import { OriginGates } from '../adapters/registry/origin-gates.ts';
import { Refill } from '../adapters/registry/refill.ts';
import { RegistryCharts } from '../adapters/registry/registry-charts.ts';
import type { RegistryHosts } from '../adapters/registry/places.ts';
import { RegistryClient } from '../adapters/registry/registry-client.ts';
import { StoredClient } from '../adapters/registry/stored-client.ts';
import { SystemClock } from '../adapters/system/clock.ts';
import { CredentialsFile, NO_CREDENTIALS } from '../adapters/system/credentials-file.ts';
import { FileStore, type FileStoreOptions } from '../adapters/system/file-store.ts';
import { createLogger } from '../adapters/system/logger.ts';
import { measured } from '../adapters/system/measured-renderer.ts';
import { PrometheusMetrics } from '../adapters/system/metrics.ts';
import { TlsFiles } from '../adapters/system/tls-files.ts';
import { work } from '../controller/controller.ts';
import { wakeHeld } from '../controller/triggers.ts';
import { NO_CLOUDS } from '../ports/cloud-identities.ts';
import { ClusterError } from '../ports/cluster.ts';
import { NO_STOCK } from '../ports/registry.ts';
import { ListenError } from '../server/http-server.ts';
import { assemble } from './assembly.ts';
import { type Config, readConfig, USAGE } from './config.ts';
import { ConfigError } from './config-error.ts';
import { openEndpoints } from './endpoints.ts';
import { join } from './joining.ts';
import { openReceivers } from './receiving.ts';
import { openRenderer } from './rendering.ts';
import { VERSION } from './version.ts';

/** How long running work may go on after SIGTERM before it is cut off. */
const GRACE_MS = 20_000;
const DRAIN_MS = 3_000;
/** Proofs of who may have which charts of the store: so small that charts are not to make room for them, nor the other way. */
const PROOF_BYTES = 8 * 1024 * 1024;

/** Runs the operator until SIGTERM or SIGINT. */
const operate = async (config: Config): Promise<void> => {
  const clock = new SystemClock();
  const logger = createLogger({ level: config.logLevel });
  const metrics = new PrometheusMetrics({ version: VERSION, maxConcurrent: config.concurrent });
  const { connection, leadership } = await join(config, { clock, logger, metrics: metrics.api });
  const { https, http } = config.registries.proxies;
  const proxies = [https, http].flatMap((url) => (url === undefined ? [] : [new URL(url).host]));
  if (proxies.length > 0) logger.info({ proxies }, 'registries are reached by way of proxies');
  const gates = new OriginGates(clock);
  const hosts = hostsOf(config, { clock, logger });
  const registry = new RegistryClient({ clock, ...config.registries, hosts, metrics: metrics.registry, logger, gates });
  const charts = await before(registry, config, { logger, ages: () => operator.chartAges() });
  const refill = charts instanceof StoredClient ? new Refill({ client: charts, gates, clock, logger }) : undefined;
  const ecr = config.aws && new EcrIdentities({ clock, env: config.aws, proxies: config.registries.proxies });
  const renderer = openRenderer(config, { clock, logger, onBack: () => wakeHeld(operator.wake, operator.releases, 'RendererUnavailable') });
  const operator = assemble({
    config,
    clock,
    logger,
    metrics,
    connection,
    leadership,
    gates,
    resolve: (tag, signal) => charts.resolve(tag, signal),
    list: (repository, signal) => registry.list(repository, signal),
    charts: new RegistryCharts({ client: charts, metrics: metrics.charts }),
    stock: refill ?? NO_STOCK,
    renderer: measured(renderer, metrics.renders),
    defaultCredentials: config.registryCredentials === undefined ? NO_CREDENTIALS : new CredentialsFile(config.registryCredentials, logger),
    cloudIdentities: ecr ?? NO_CLOUDS,
    mirrors: { of: (host) => (hosts.get(host.toLowerCase())?.mirrors ?? []).map((mirror) => mirror.host) },
    instance: hostname(),
  });
  const { deps, queue, releases, records, tags, events } = operator;

  const stopping = new AbortController();
  const stopped = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  void stopped.then(() => stopping.abort(new Error('the operator is stopping')));
  metrics.follow(releases);
  metrics.watch(renderer);
  metrics.watchRollouts(deps.brake);
  metrics.watchRegistries(tags);
  if (leadership !== undefined) metrics.watchLeadership(leadership);
  const ready = [
    { name: 'releases', problem: () => (releases.isReady ? undefined : 'the ChartReleases are not listed yet') },
    { name: 'records', problem: () => (records.isReady ? undefined : 'the Helm release records are not listed yet') },
    { name: 'helm-engine', problem: () => (renderer.isUp ? undefined : renderer.describe()) },
    ...(leadership === undefined ? [] : [{ name: 'election', problem: () => undefined, remark: () => leadership.describe() }]),
    { name: 'shutdown', problem: () => (stopping.signal.aborted ? 'the operator is stopping' : undefined) },
  ];
  const endpoints = await openEndpoints({ addresses: config, metrics, registries: () => tags.registries(), ready, clock, logger });
  const cutOff = new AbortController();
  renderer.warmUp();
  releases.start();
  records.start();
  try {
    if (await operator.isDue(stopping.signal)) {
      // Whoever stands by follows nothing, and does not listen.
      const receiving = { clock, logger, cluster: deps.cluster, namespace: connection.namespace };
      const receivers = await openReceivers(config, (hint) => tags.hint(hint), receiving, stopping.signal);
      operator.begin();
      const working = work(deps, queue, { concurrency: config.concurrent }, cutOff.signal);
      await stopped;
      logger.info({}, 'stopping: no new work is begun');
      queue.close();
      await receivers.close();
      const cancel = clock.after(GRACE_MS, () => cutOff.abort(new Error('the operator is stopping')));
      await working;
      cancel();
    }
  } finally {
    tags.close();
    refill?.close();
    await events.drain(AbortSignal.timeout(DRAIN_MS)).catch(() => undefined);
    // Where work was cut off, requests may be under way still: the Lease is left to run out.
    if (!cutOff.signal.aborted) await leadership?.resign();
    await renderer.close();
    await registry.close();
    await ecr?.close();
    await connection.close();
    await endpoints.close();
  }
};

/** The registry with the chart store before it, or without where there is none: nothing depends on it, so nothing is held up by a folder that cannot be used. */
const before = async (registry: RegistryClient, { chartStore }: Config, tools: Pick<FileStoreOptions, 'logger' | 'ages'>): Promise<RegistryClient | StoredClient> => {
  if (chartStore === undefined) return registry;
  const { folder, maxBytes } = chartStore;
  const { logger } = tools;
  try {
    const charts = await FileStore.open({ folder, maxBytes, ...tools });
    return new StoredClient(registry, { charts, proofs: await FileStore.open({ folder: path.join(folder, 'proofs'), maxBytes: PROOF_BYTES, logger }) });
  } catch (error) {
    logger.warn({ folder, error }, 'cannot use the chart store: charts are fetched again where they are needed again; correct --chart-store, or the rights of that folder');
    return registry;
  }
};

const hostsOf = ({ registryHosts }: Config, tools: ConstructorParameters<typeof TlsFiles>[1]): RegistryHosts => {
  const hosts = [...registryHosts].map(([host, { tls, ...said }]) => {
    const files = tls && new TlsFiles(tls, tools);
    return [host, { ...said, ...(files !== undefined && { tls: () => files.read() }) }] as const;
  });
  return new Map(hosts);
};

try {
  const config = await readConfig(process.argv.slice(2), process.env);
  if (config === undefined) console.log(USAGE);
  else await operate(config);
} catch (error) {
  if (!(error instanceof ConfigError) && !(error instanceof ClusterError) && !(error instanceof ListenError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
