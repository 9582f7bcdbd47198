import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/fakes/clock.ts';
import { registryContract } from '../../../test/registry/contract.ts';
import { type MemoryRegistry, startMemoryRegistry } from '../../../test/registry/memory-registry.ts';
import { CONFIG_TYPE, CONTENT_TYPE, MANIFEST_TYPE, pushBlob, pushChart, pushManifest, smallChart } from '../../../test/registry/push.ts';
import type { Logger } from '../../ports/logger.ts';
import type { Chart, Credential } from '../../ports/registry.ts';
import { ARCHIVE_LIMITS } from './archive-limits.ts';
import { RegistryCharts } from './registry-charts.ts';
import { RegistryClient } from './registry-client.ts';
import { TagWatcher } from './tag-watcher.ts';

const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, with: () => silent };
const clock = new FakeClock();

registryContract('a registry in memory', async () => {
  const registry = await startMemoryRegistry();
  const client = new RegistryClient({ clock, plainHttpHosts: [registry.host] });
  const tags = new TagWatcher({
    resolve: (tag, signal) => client.resolve(tag, signal),
    list: (repository, signal) => client.list(repository, signal),
    wake: () => {},
    clock,
    logger: silent,
  });
  const close = async (): Promise<void> => {
    tags.close();
    await client.close();
    await registry.close();
  };
  return { registry: registry.host, charts: new RegistryCharts({ client }), tags, close };
});

describe('RegistryCharts.pull', () => {
  let registry: MemoryRegistry;
  let client: RegistryClient;
  let charts: RegistryCharts;
  const signal = AbortSignal.timeout(30_000);
  const pull = (digest: string, credential?: Credential, stop = signal): Promise<Chart> =>
    charts.pull({ registry: registry.host, repository: 'ns/app' }, digest, { credential }, stop);
  const target = () => ({ registry: registry.host, repository: 'ns/app' });
  const push = (manifest: object, type = MANIFEST_TYPE): Promise<string> => pushManifest(target(), '1', JSON.stringify({ mediaType: type, ...manifest }), type);
  const gets = (): number => registry.requests.filter(({ method }) => method === 'GET').length;

  beforeEach(async () => {
    registry = await startMemoryRegistry();
    client = new RegistryClient({ clock, plainHttpHosts: [registry.host] });
    charts = new RegistryCharts({ client });
  });
  afterEach(async () => {
    await client.close();
    await registry.close();
  });

  it('fetches once for all who ask at once, and not again soon', async () => {
    const digest = await pushChart(registry.host, 'ns/app', '1', smallChart('app', '1.0.0'));
    const pulled = await Promise.all(Array.from({ length: 50 }, () => pull(digest)));
    expect(new Set([...pulled, await pull(digest)]).size).toBe(1);
    expect(gets()).toBe(2);
  });

  it('fetches again for another credential and another repository', async () => {
    const digest = await pushChart(registry.host, 'ns/app', '1', smallChart('app', '1.0.0'));
    await pull(digest, { kind: 'Password', username: 'a', password: 'x' });
    await pull(digest, { kind: 'Password', username: 'a', password: 'y' });
    await pull(digest);
    expect(gets()).toBe(6);
    await expect(charts.pull({ registry: registry.host, repository: 'ns/other' }, digest, { credential: undefined }, signal)).rejects.toMatchObject({ code: 'NotFound' });
  });

  it('does not remember failures', async () => {
    const digest = await pushChart(registry.host, 'ns/app', '1', smallChart('app', '1.0.0'));
    registry.intercept = (_, response) => response.writeHead(500).end().writableEnded;
    await expect(pull(digest)).rejects.toMatchObject({ code: 'Unavailable' });
    registry.intercept = undefined;
    expect(await pull(digest)).toMatchObject({ digest });
  });

  it('keeps no more than its bytes', async () => {
    charts = new RegistryCharts({ client, cacheBytes: 150_000 });
    const digests = await Promise.all([1, 2].map((index) => pushChart(registry.host, 'ns/app', `${index}`, smallChart('app', `${index}.0.0`, { noise: randomBytes(100_000) }))));
    for (const digest of [...digests, ...digests]) await pull(digest);
    expect(gets()).toBe(8);
  });

  it('counts all that a chart holds on to, also what is no file of it', async () => {
    charts = new RegistryCharts({ client, cacheBytes: 150_000 });
    // Helm passes over such an archive, and so is it left out here; it came in the same tar.
    const files = { 'charts/_old.tgz': randomBytes(100_000) };
    const digests = await Promise.all([1, 2].map((index) => pushChart(registry.host, 'ns/app', `${index}`, smallChart('app', `${index}.0.0`, files))));
    for (const digest of [...digests, ...digests]) await pull(digest);
    expect(gets()).toBe(8);
  });

  it('goes on for others when one gives up, and ends with the last', async () => {
    const digest = await pushChart(registry.host, 'ns/app', '1', smallChart('app', '1.0.0'));
    const arrived = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    registry.intercept = ({ socket }) => {
      arrived.resolve();
      socket.once('close', closed.resolve);
      return true;
    };
    const stops = [new AbortController(), new AbortController()] as const;
    const pulls = stops.map((stop) => pull(digest, undefined, stop.signal));
    await arrived.promise;
    stops[0].abort(new Error('first'));
    await expect(pulls[0]).rejects.toThrow('first');
    stops[1].abort(new Error('second'));
    await expect(pulls[1]).rejects.toThrow('second');
    await closed.promise;
  });

  it('says what it is when it is no chart', async () => {
    const config = await pushBlob(target(), 'application/vnd.oci.image.config.v1+json', Buffer.from('{}'));
    const digest = await push({ config, layers: [] });
    await expect(pull(digest)).rejects.toMatchObject({
      code: 'NotAChart',
      message: `cannot pull ${registry.host}/ns/app@${digest}: it is another artifact (config application/vnd.oci.image.config.v1+json), not a Helm chart`,
    });
  });

  it('says why an archive is refused', async () => {
    const config = await pushBlob(target(), CONFIG_TYPE, Buffer.from('{}'));
    const content = await pushBlob(target(), CONTENT_TYPE, Buffer.from('no archive'));
    await expect(pull(await push({ config, layers: [content] }))).rejects.toMatchObject({
      code: 'ArchiveInvalid',
      message: expect.stringContaining('the archive is refused: it is not a whole gzip file'),
    });
  });

  it('has an archive that takes too long to unpack tried again', async () => {
    const files = Object.fromEntries(Array.from({ length: 3_000 }, (_, index) => [`files/${index}`, 'x']));
    const digest = await pushChart(registry.host, 'ns/app', '1', smallChart('app', '1.0.0', files));
    charts = new RegistryCharts({ client, limits: { ...ARCHIVE_LIMITS, deadlineMs: 1 } });
    await expect(pull(digest)).rejects.toMatchObject({ code: 'Unavailable', message: expect.stringContaining('not unpacked within 1 ms') });
  });

  it('does not fetch an archive that is announced too large', async () => {
    const config = await pushBlob(target(), CONFIG_TYPE, Buffer.from('{}'));
    const digest = await push({ config, layers: [{ mediaType: CONTENT_TYPE, digest: config.digest, size: 11 * 1024 * 1024 }] });
    await expect(pull(digest)).rejects.toMatchObject({ code: 'ArchiveInvalid', message: expect.stringContaining('11534336 bytes, more than 10485760') });
    expect(gets()).toBe(1);
  });

  it('rejects a blob that was changed in the registry', async () => {
    const digest = await pushChart(registry.host, 'ns/app', '1', smallChart('app', '1.0.0'));
    for (const [key, stored] of registry.content) if (!key.endsWith(digest)) registry.content.set(key, { ...stored, bytes: Buffer.from(stored.bytes).fill(0, 20, 21) });
    await expect(pull(digest)).rejects.toMatchObject({ code: 'DigestMismatch' });
  });
});
