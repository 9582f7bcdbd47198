import { afterEach, beforeEach, expect, it } from 'vitest';
import { FakeClock } from '../../../test/fakes/clock.ts';
import { type MemoryRegistry, startMemoryRegistry } from '../../../test/registry/memory-registry.ts';
import { pushChart, smallChart } from '../../../test/registry/push.ts';
import { send, startServer } from '../../../test/registry/test-server.ts';
import { type Metrics, SILENT_METRICS } from '../../ports/metrics.ts';
import { RegistryCharts } from './registry-charts.ts';
import { RegistryClient } from './registry-client.ts';
import { TagWatcher } from './tag-watcher.ts';

const signal = AbortSignal.timeout(30_000);
const clock = new FakeClock();
let counted: string[];
let registry: MemoryRegistry;
let client: RegistryClient;

const metrics: Pick<Metrics, 'registry' | 'charts'> = {
  registry: { begin: (host, operation) => (status) => counted.push(`${host} ${operation} ${status}`), digestChanged: () => counted.push('digest changed') },
  charts: { hit: () => counted.push('hit'), missed: () => counted.push('missed') },
};

beforeEach(async () => {
  counted = [];
  registry = await startMemoryRegistry();
  client = new RegistryClient({ clock, plainHttpHosts: [registry.host], metrics: metrics.registry });
});

afterEach(async () => {
  await client.close();
  await registry[Symbol.asyncDispose]();
});

const reference = (tag: string) => ({ registry: registry.host, repository: 'ns/app', tag });

it('counts what is asked of a registry, by what it is for, and whether the cache had it', async () => {
  const digest = await pushChart(registry.host, 'ns/app', '1', smallChart('app', '1.0.0'));
  const charts = new RegistryCharts({ client, metrics: metrics.charts });
  await client.resolve({ reference: reference('1'), credential: undefined }, signal);
  await charts.pull(reference('1'), digest, { credential: undefined }, signal);
  await charts.pull(reference('1'), digest, { credential: undefined }, signal);
  expect(counted).toEqual([`${registry.host} resolve 200`, 'missed', `${registry.host} manifest 200`, `${registry.host} blob 200`, 'hit']);
});

it('counts a redirect for the registry that was asked, wherever it leads', async () => {
  await using store = await startServer((_, response) => send(response, 200, { 'docker-content-digest': `sha256:${'0'.repeat(64)}` }));
  registry.intercept = (_, response) => response.writeHead(307, { location: `http://${store.host}/` }).end().writableEnded;
  await client.resolve({ reference: reference('1'), credential: undefined }, signal);
  expect(counted).toEqual([`${registry.host} resolve 307`, `${registry.host} resolve 200`]);
});

it('counts a registry that does not answer', async () => {
  await registry[Symbol.asyncDispose]();
  await expect(client.resolve({ reference: reference('1'), credential: undefined }, signal)).rejects.toThrow();
  expect(counted).toEqual([`${registry.host} resolve undefined`]);
  registry = await startMemoryRegistry();
});

it('counts a tag that moved, and not one that became known', async () => {
  const logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined, with: () => logger };
  let digest = 'sha256:a';
  const tags = new TagWatcher({
    resolve: async () => digest,
    list: () => Promise.reject(new Error('nobody follows a range')),
    wake: () => undefined,
    clock,
    logger,
    metrics: { ...SILENT_METRICS.registry, digestChanged: () => counted.push('digest changed') },
  });
  const look = () => tags.follow('a', { reference: reference('1'), credential: undefined }, { intervalMs: 10_000, fresh: true }, signal);
  await look();
  await look();
  expect(counted).toEqual([]);
  digest = 'sha256:b';
  await look();
  expect(counted).toEqual(['digest changed']);
  tags.close();
});
