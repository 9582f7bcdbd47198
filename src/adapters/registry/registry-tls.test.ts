import type { IncomingMessage } from 'node:http';
import { getCACertificates, setDefaultCACertificates, TLSSocket } from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/fakes/clock.ts';
import { makeAuthority, type TestIdentity } from '../../../test/registry/certificates.ts';
import { lookUpLoopback } from '../../../test/registry/recorders.ts';
import { TEST_CERTIFICATE } from '../../../test/registry/test-certificate.ts';
import { type Respond, send, startServer, type TestServer } from '../../../test/registry/test-server.ts';
import type { RegistryTls } from '../../core/registry-tls.ts';
import type { Logger } from '../../ports/logger.ts';
import { type Access, RegistryError, type TagAddress } from '../../ports/registry.ts';
import type { RegistryHost, RegistryHosts } from './places.ts';
import { RegistryCharts } from './registry-charts.ts';
import { RegistryClient } from './registry-client.ts';
import { TagWatcher } from './tag-watcher.ts';

const DIGEST = `sha256:${'0'.repeat(64)}`;
const signal = AbortSignal.timeout(60_000);
const ours = makeAuthority('ours');
const theirs = makeAuthority('theirs');
const registryIdentity = ours.issue({ names: ['registry.test'] });
const [alice, bob] = [ours.issue({ names: ['alice'] }), ours.issue({ names: ['bob'] })];
const as = ({ cert, key }: TestIdentity, ca: string | undefined = ours.cert): RegistryTls => ({ ca, client: { certificate: cert, key } });

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

beforeAll(() => setDefaultCACertificates([...getCACertificates('default'), TEST_CERTIFICATE.cert]));

/** Which connection a request came by, and as whom it was opened. */
interface Visit {
  readonly path: string;
  readonly connection: number | undefined;
  readonly shown: string;
}

const visitOf = ({ url = '', socket }: IncomingMessage): Visit => {
  const peer = socket instanceof TLSSocket ? socket.getPeerCertificate() : undefined;
  return { path: url.replace(/\?.*/, ''), connection: socket.remotePort, shown: String(peer?.subject?.CN ?? 'nobody') };
};

/** A server of registry.test, which asks everybody for a certificate and lets in those who have none, unless it is told not to. */
const startAsking = async (
  respond: Respond,
  { identity = registryIdentity, ...options }: { identity?: TestIdentity; rejectUnauthorized?: boolean; maxVersion?: 'TLSv1.2' } = {},
) => {
  const visits: Visit[] = [];
  const server = await startServer(
    (request, response) => {
      visits.push(visitOf(request));
      return respond(request, response);
    },
    { ...identity, requestCert: true, rejectUnauthorized: false, ca: ours.cert, ...options },
  );
  open.push(server);
  return { ...server, host: server.host.replace('127.0.0.1', 'registry.test'), visits };
};

const found: Respond = (_, response) => send(response, 200, { 'docker-content-digest': DIGEST });

const clientOf = (options: Partial<ConstructorParameters<typeof RegistryClient>[0]> = {}): RegistryClient => {
  const client = new RegistryClient({ clock: new FakeClock(), plainHttpHosts: [], lookup: lookUpLoopback, ...options });
  open.push({ [Symbol.asyncDispose]: () => client.close() });
  return client;
};

const at = ({ host }: Pick<TestServer, 'host'>, tls?: RegistryTls, credential?: Access['credential']): TagAddress => ({
  reference: { registry: host, repository: 'ns/app', tag: '1' },
  credential,
  tls,
});

describe('RegistryClient and whom it trusts', () => {
  it('trusts a private CA of the access alone', async () => {
    const registry = await startAsking(found);
    const client = clientOf();
    expect(await client.resolve(at(registry, { ca: ours.cert }), signal)).toBe(DIGEST);
    for (const tls of [undefined, { ca: theirs.cert }])
      await expect(client.resolve(at(registry, tls), signal)).rejects.toMatchObject({
        code: 'Unavailable',
        message: expect.stringMatching(/the certificate of registry.test:\d+ is signed by nobody that is trusted \(\w+\); if it is right: give its CA in spec.tls.caSecret$/),
      });
  });

  it('trusts the public roots beside it, and where nothing but a client certificate is given', async () => {
    const registry = await startAsking(found, { identity: TEST_CERTIFICATE });
    const client = clientOf();
    expect(await client.resolve(at(registry, { ca: theirs.cert }), signal)).toBe(DIGEST);
    expect(await client.resolve(at(registry, { client: { certificate: alice.cert, key: alice.key } }), signal)).toBe(DIGEST);
    expect(registry.visits.map(({ shown }) => shown)).toEqual(['nobody', 'alice']);
  });

  it.each([
    ['of another host', { names: ['other.test'] }, /the certificate of registry.test:\d+ is for another host$/],
    ['that has expired', { names: ['registry.test'], notBefore: new Date('2019-01-01'), notAfter: new Date('2020-01-01') }, /the certificate of registry.test:\d+ has expired$/],
  ])('does not trust a certificate %s', async (_name, issued, message) => {
    const registry = await startAsking(found, { identity: ours.issue(issued) });
    await expect(clientOf().resolve(at(registry, { ca: ours.cert }), signal)).rejects.toMatchObject({ code: 'Unavailable', message: expect.stringMatching(message) });
    expect(registry.visits).toEqual([]);
  });

  it('trusts it at a token server and at the target of a redirect, and shows neither the client certificate', async () => {
    const elsewhere = await startAsking(found);
    const tokens = await startAsking((_, response) => send(response, 200, {}, '{"token":"t"}'));
    const registry = await startAsking(({ headers }, response) =>
      headers.authorization === undefined
        ? send(response, 401, { 'www-authenticate': `Bearer realm="https://${tokens.host}/token"` })
        : send(response, 307, { location: `https://${elsewhere.host}/there` }),
    );
    const client = clientOf({ allowedTokenHosts: [tokens.host] });
    expect(await client.resolve(at(registry, as(alice)), signal)).toBe(DIGEST);
    expect(registry.visits.map(({ shown }) => shown)).toEqual(['alice', 'alice']);
    expect([...tokens.visits, ...elsewhere.visits].map(({ path, shown }) => `${path} ${shown}`)).toEqual(['/token nobody', '/there nobody']);
    await expect(client.resolve(at(registry, { ca: theirs.cert }), signal)).rejects.toMatchObject({ code: 'Unavailable' });
  });

  it('shows it to a token server on the very origin of the registry, and when a redirect leads back there', async () => {
    const away: { host?: string } = {};
    const registry = await startAsking(({ url, headers }, response) => {
      if (url?.startsWith('/token') === true) return send(response, 200, {}, '{"token":"t"}');
      if (headers.authorization === undefined) return send(response, 401, { 'www-authenticate': `Bearer realm="https://${registry.host}/token"` });
      return url === '/back' ? send(response, 200, { 'docker-content-digest': DIGEST }) : send(response, 307, { location: `https://${away.host}/away` });
    });
    const other = await startAsking((_, response) => send(response, 307, { location: `https://${registry.host}/back` }));
    away.host = other.host;
    expect(await clientOf().resolve(at(registry, as(alice)), signal)).toBe(DIGEST);
    expect(registry.visits.map(({ path, shown }) => `${path} ${shown}`)).toEqual(['/v2/ns/app/manifests/1 alice', '/token alice', '/v2/ns/app/manifests/1 alice', '/back alice']);
    expect(other.visits.map(({ shown }) => shown)).toEqual(['nobody']);
  });
});

describe('RegistryClient, at a registry that asks for a client certificate', () => {
  it.each([undefined, 'TLSv1.2'] as const)('gets nowhere without it (at most %s)', async (maxVersion) => {
    const registry = await startAsking(found, { rejectUnauthorized: true, ...(maxVersion !== undefined && { maxVersion }) });
    const client = clientOf();
    expect(await client.resolve(at(registry, as(alice)), signal)).toBe(DIGEST);
    const stranger = theirs.issue({ names: ['stranger'] });
    for (const tls of [as(stranger), { ca: ours.cert }]) await expect(client.resolve(at(registry, tls), signal)).rejects.toBeInstanceOf(RegistryError);
    expect(registry.visits.map(({ shown }) => shown)).toEqual(['alice']);
  });
});

describe('RegistryClient, and the TLS that the configuration has for a host', () => {
  const hostsWith = (entries: Readonly<Record<string, Partial<RegistryHost>>>): RegistryHosts =>
    new Map(Object.entries(entries).map(([host, said]) => [host, { mirrors: [], mirrorsOnly: false, ...said }]));

  it('adds the CA of a release to that of the host, and shows the certificate of the release before that of the host', async () => {
    const registry = await startAsking(found);
    const client = clientOf({ hosts: hostsWith({ [registry.host]: { tls: async () => as(alice) } }) });
    await client.resolve(at(registry), signal);
    await client.resolve(at(registry, { ca: theirs.cert }), signal);
    await client.resolve(at(registry, as(bob, theirs.cert)), signal);
    expect(registry.visits.map(({ shown }) => shown)).toEqual(['alice', 'alice', 'bob']);
  });

  it('asks a mirror with what is said of the mirror, and with nothing of the registry or the release', async () => {
    const mirror = await startAsking(found);
    const registry = await startAsking(found);
    const mirrors = { mirrors: [{ host: mirror.host, mayResolve: true }], tls: async () => as(alice) };
    const client = clientOf({ hosts: hostsWith({ [registry.host]: mirrors, [mirror.host]: { tls: async () => ({ ca: ours.cert }) } }) });
    expect(await client.resolve(at(registry, as(bob)), signal)).toBe(DIGEST);
    expect(mirror.visits.map(({ shown }) => shown)).toEqual(['nobody']);
    const untold = clientOf({ hosts: hostsWith({ [registry.host]: mirrors }) });
    expect(await untold.resolve(at(registry, as(bob)), signal)).toBe(DIGEST);
    expect([...mirror.visits, ...registry.visits].map(({ shown }) => shown)).toEqual(['nobody', 'bob']);
  });

  it('takes what is said there now', async () => {
    const registry = await startAsking(found);
    let now: RegistryTls = { ca: theirs.cert };
    const client = clientOf({ hosts: hostsWith({ [registry.host]: { tls: async () => now } }) });
    await expect(client.resolve(at(registry), signal)).rejects.toMatchObject({ code: 'Unavailable' });
    now = as(alice);
    await client.resolve(at(registry), signal);
    now = as(bob);
    await client.resolve(at(registry), signal);
    expect(registry.visits.map(({ shown }) => shown)).toEqual(['alice', 'bob']);
  });
});

describe('two client certificates', () => {
  it('share no connection', async () => {
    const registry = await startAsking(found);
    const client = clientOf();
    const turns = [alice, bob, undefined, alice, bob, undefined].map((who) => (who === undefined ? { ca: ours.cert } : as(who)));
    for (const tls of turns) await client.resolve(at(registry, tls), signal);
    await Promise.all(turns.map((tls) => client.resolve(at(registry, tls), signal)));
    const shownBy = Map.groupBy(registry.visits, ({ connection }) => connection);
    for (const visits of shownBy.values()) expect(new Set(visits.map(({ shown }) => shown)).size).toBe(1);
    expect(Object.fromEntries([...Map.groupBy(registry.visits, ({ shown }) => shown)].map(([shown, visits]) => [shown, visits.length]))).toEqual({ alice: 4, bob: 4, nobody: 4 });
    // Each goes on with the connection that it has.
    expect(shownBy.size).toBeLessThan(12);
  });

  it('share no poll', async () => {
    const looks: (RegistryTls | undefined)[] = [];
    const silent: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined, with: () => silent };
    const resolve = async ({ tls }: TagAddress): Promise<string> => {
      looks.push(tls);
      if (tls?.client?.certificate !== alice.cert) throw new Error('for alice alone');
      return DIGEST;
    };
    const tags = new TagWatcher({ resolve, list: () => Promise.reject(new Error('nobody follows a range')), wake: () => undefined, clock: new FakeClock(), logger: silent });
    const follow = (follower: string, tls: RegistryTls) => tags.follow(follower, at({ host: 'registry.test' }, tls), { intervalMs: 60_000, fresh: false }, signal);
    expect(await follow('a/1', as(alice))).toEqual({ digest: DIGEST, trouble: undefined });
    expect(await follow('b/1', as(bob))).toMatchObject({ digest: undefined, trouble: { code: 'Unavailable' } });
    expect(await follow('a/2', as(alice))).toEqual({ digest: DIGEST, trouble: undefined });
    expect(looks).toEqual([as(alice), as(bob)]);
    tags.close();
  });

  it('share no chart, nor a pull that is under way', async () => {
    const asked: (string | undefined)[] = [];
    const manifest = async ({ tls }: Access): Promise<never> => {
      asked.push(tls?.client?.certificate);
      throw new Error('no');
    };
    const charts = new RegistryCharts({ client: { manifest, blob: manifest } });
    const pull = (who: TestIdentity) =>
      charts.pull({ registry: 'registry.test', repository: 'ns/app' }, DIGEST, { credential: undefined, tls: as(who) }, signal).catch(() => undefined);
    await Promise.all([pull(alice), pull(bob), pull(alice)]);
    expect(asked).toEqual([alice.cert, bob.cert]);
  });
});
