import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/fakes/clock.ts';
import { type MemoryRegistry, startMemoryRegistry } from '../../../test/registry/memory-registry.ts';
import { CONFIG_TYPE, CONTENT_TYPE, MANIFEST_TYPE, pushBlob, pushChart, pushManifest, smallChart } from '../../../test/registry/push.ts';
import { chartTgz } from '../../../test/registry/tar.ts';
import type { ContentStore } from '../../ports/content-store.ts';
import type { Chart, Credential } from '../../ports/registry.ts';
import { RegistryCharts } from './registry-charts.ts';
import { RegistryClient } from './registry-client.ts';
import { StoredClient } from './stored-client.ts';

const signal = AbortSignal.timeout(30_000);
const me = { kind: 'Password', username: 'me', password: 's3cret' } as const;
const thief: Credential = { kind: 'Password', username: 'me', password: 'guessed' };

/** A store in memory, which a test may look into. */
class Shelves implements ContentStore {
  readonly kept = new Map<string, Uint8Array>();
  async read(shelf: string, digest: string): Promise<Uint8Array | undefined> {
    return this.kept.get(`${shelf} ${digest}`);
  }
  has(shelf: string, digest: string): boolean {
    return this.kept.has(`${shelf} ${digest}`);
  }
  async keep(shelf: string, bytes: Uint8Array): Promise<void> {
    this.kept.set(`${shelf} sha256:${createHash('sha256').update(bytes).digest('hex')}`, bytes);
  }
}

let registry: MemoryRegistry;
let client: RegistryClient;
let charts: Shelves;
let proofs: Shelves;
beforeEach(async () => {
  registry = await startMemoryRegistry();
  client = new RegistryClient({ clock: new FakeClock(), plainHttpHosts: [registry.host] });
  charts = new Shelves();
  proofs = new Shelves();
});
afterEach(async () => {
  await client.close();
  await registry.close();
});

/** As a process that has just begun. */
const anew = (): StoredClient => new StoredClient(client, { charts, proofs });
const pull = (digest: string, credential?: Credential, from = anew(), repository = 'ns/app'): Promise<Chart> =>
  new RegistryCharts({ client: from }).pull({ registry: registry.host, repository }, digest, { credential }, signal);
const push = (version = '1.0.0'): Promise<string> => pushChart(registry.host, 'ns/app', '1', smallChart('app', version));
const goAway = (): void => {
  registry.intercept = (_, response) => response.writeHead(503).end().writableEnded;
};
const gets = (): number => registry.requests.filter(({ method }) => method === 'GET').length;

describe('StoredClient', () => {
  it('has a chart that was pulled once while the registry is away', async () => {
    const digest = await push();
    const pulled = await pull(digest);
    goAway();
    expect(await pull(digest)).toEqual(pulled);
    await expect(pull(`sha256:${'0'.repeat(64)}`)).rejects.toMatchObject({ code: 'Unavailable' });
  });

  it('does not ask the registry for what it has', async () => {
    const digest = await push();
    await pull(digest);
    const before = gets();
    await pull(digest);
    expect(gets()).toBe(before);
  });

  it('has a manifest that does not say its own type, as old charts have', async () => {
    const target = { registry: registry.host, repository: 'ns/app' };
    const config = await pushBlob(target, CONFIG_TYPE, Buffer.from('{}'));
    const content = await pushBlob(target, CONTENT_TYPE, chartTgz('app', smallChart('app', '1.0.0')));
    const digest = await pushManifest(target, '1', JSON.stringify({ schemaVersion: 2, config, layers: [content] }), MANIFEST_TYPE);
    const pulled = await pull(digest);
    goAway();
    expect(await pull(digest)).toEqual(pulled);
  });

  it('gives a credential nothing that it could not fetch, also while the registry is away', async () => {
    registry.intercept = ({ headers }, response) => {
      if (headers.authorization === `Basic ${Buffer.from('me:s3cret').toString('base64')}`) return false;
      return response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end().writableEnded;
    };
    const push = { username: 'me', password: 's3cret' };
    const digest = await pushChart(registry.host, 'ns/app', '1', smallChart('app', '1.0.0'), { credential: push });
    await pull(digest, me);
    await expect(pull(digest, thief)).rejects.toMatchObject({ code: 'Unauthorized' });
    await expect(pull(digest)).rejects.toMatchObject({ code: 'Unauthorized' });
    goAway();
    await expect(pull(digest, thief)).rejects.toMatchObject({ code: 'Unavailable' });
    await expect(pull(digest)).rejects.toMatchObject({ code: 'Unavailable' });
    expect(await pull(digest, me)).toMatchObject({ digest });
  });

  it('gives a new credential what is there once the registry has answered it', async () => {
    const digest = await push();
    await pull(digest, me);
    const fresh: Credential = { ...me, password: 'renewed' };
    await anew().resolve({ reference: { registry: registry.host, repository: 'ns/app', tag: '1' }, credential: fresh }, signal);
    goAway();
    expect(await pull(digest, fresh)).toMatchObject({ digest });
  });

  it('keeps repositories apart', async () => {
    const digest = await push();
    await pull(digest);
    goAway();
    await expect(pull(digest, undefined, anew(), 'ns/other')).rejects.toMatchObject({ code: 'Unavailable' });
  });

  it('keeps nothing that is not a manifest, and no secret', async () => {
    const target = { registry: registry.host, repository: 'ns/app' };
    const digest = await pushManifest(target, '1', '{"schemaVersion":2,"manifests":[]}', 'application/vnd.oci.image.index.v1+json');
    await expect(pull(digest)).rejects.toMatchObject({ code: 'NotAChart' });
    expect(charts.kept.size).toBe(0);
    await pull(await push(), me);
    expect(Buffer.concat([...charts.kept.values(), ...proofs.kept.values()]).toString('latin1')).not.toContain(me.password);
  });

  it('keeps a chart on the shelf that the history of a release names', async () => {
    const digest = await push();
    await pull(digest);
    expect(new Set([...charts.kept.keys()].map((name) => name.split(' ')[0]))).toEqual(new Set([`${registry.host}/ns/app@${digest}`]));
  });

  it('completes a chart with what is missing of it alone', async () => {
    const digest = await push();
    const access = { reference: { registry: registry.host, repository: 'ns/app', digest }, credential: undefined };
    const before = gets();
    expect(await anew().complete(access, signal)).toBe(true);
    expect(gets()).toBe(before + 2);
    expect(await anew().complete(access, signal)).toBe(false);
    for (const name of charts.kept.keys()) if (!name.endsWith(digest)) charts.kept.delete(name);
    expect(await anew().complete(access, signal)).toBe(true);
    expect(gets()).toBe(before + 3);
    goAway();
    expect(await pull(digest)).toMatchObject({ digest });
  });

  it('goes to the registry when the proofs are lost', async () => {
    const digest = await push();
    await pull(digest);
    proofs.kept.clear();
    expect(await pull(digest)).toMatchObject({ digest });
    proofs.kept.clear();
    goAway();
    await expect(pull(digest)).rejects.toMatchObject({ code: 'Unavailable' });
  });

  it('goes to the registry when the store is lost', async () => {
    const digest = await push();
    await pull(digest);
    charts.kept.clear();
    expect(await pull(digest)).toMatchObject({ digest });
    charts.kept.clear();
    goAway();
    await expect(pull(digest)).rejects.toMatchObject({ code: 'Unavailable' });
  });
});
