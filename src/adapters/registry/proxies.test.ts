import type { LookupFunction } from 'node:net';
import { TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/fakes/clock.ts';
import { makeAuthority } from '../../../test/registry/certificates.ts';
import { type ConnectProxy, startConnectProxy } from '../../../test/registry/connect-proxy.ts';
import { lookUpLoopback } from '../../../test/registry/recorders.ts';
import { type Respond, send, startServer } from '../../../test/registry/test-server.ts';
import type { RegistryTls } from '../../core/registry-tls.ts';
import type { Credential } from '../../ports/registry.ts';
import type { Proxies } from './agent.ts';
import { RegistryClient } from './registry-client.ts';

const DIGEST = `sha256:${'0'.repeat(64)}`;
const signal = AbortSignal.timeout(60_000);
const ours = makeAuthority();
const identity = ours.issue({ names: ['registry.test'] });
const someone = ours.issue({ names: ['someone'] });
const TLS: RegistryTls = { ca: ours.cert, client: { certificate: someone.cert, key: someone.key } };
const PASSWORD: Credential = { kind: 'Password', username: 'me', password: 's3cret' };

const open: AsyncDisposable[] = [];
let proxy: ConnectProxy;
/** Names that were looked up here, and not by the proxy. */
let lookedUp: string[];
beforeEach(async () => {
  lookedUp = [];
  proxy = await startConnectProxy();
  open.push(proxy);
});
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

const lookup: LookupFunction = (name, options, callback) => {
  lookedUp.push(name);
  lookUpLoopback(name, options, callback);
};

const start = async (respond: Respond, tls?: Parameters<typeof startServer>[1]): Promise<string> => {
  const server = await startServer(respond, tls);
  open.push(server);
  return server.host.replace('127.0.0.1', 'registry.test');
};
const found: Respond = (_, response) => send(response, 200, { 'docker-content-digest': DIGEST });

const clientBy = (proxies: Partial<Proxies>, plainHttpHosts: readonly string[] = [], allowedTokenHosts?: readonly string[]): RegistryClient => {
  const client = new RegistryClient({ clock: new FakeClock(), plainHttpHosts, allowedTokenHosts, lookup, proxies: { https: undefined, http: undefined, except: '', ...proxies } });
  open.push({ [Symbol.asyncDispose]: () => client.close() });
  return client;
};
const resolve = (client: RegistryClient, registry: string, tls: RegistryTls | undefined = TLS, credential?: Credential): Promise<string> =>
  client.resolve({ reference: { registry, repository: 'ns/app', tag: '1' }, credential, tls }, signal);

describe('RegistryClient by way of a proxy', () => {
  it('speaks TLS with the registry itself, by a tunnel for all its requests, and has the proxy find the name', async () => {
    const shown: string[] = [];
    const registry = await start(
      (request, response) => {
        if (request.socket instanceof TLSSocket) shown.push(String(request.socket.getPeerCertificate().subject.CN));
        return found(request, response);
      },
      { ...identity, requestCert: true, ca: ours.cert },
    );
    const client = clientBy({ https: `http://me:p4ss@${proxy.host}` });
    for (const _ of [1, 2, 3, 4, 5]) expect(await resolve(client, registry)).toBe(DIGEST);
    expect(new Set(proxy.asked)).toEqual(new Set([`CONNECT ${registry}`]));
    // They are used again.
    expect(proxy.asked.length).toBeLessThan(5);
    expect(new Set(proxy.authorizations)).toEqual(new Set([`Basic ${Buffer.from('me:p4ss').toString('base64')}`]));
    expect(shown).toEqual(Array(5).fill('someone'));
    expect(lookedUp).toEqual([]);
  });

  it('reaches token servers, and the targets of redirects, so too', async () => {
    const store = await start(found, identity);
    const tokens = await start((_, response) => send(response, 200, {}, '{"token":"t"}'), identity);
    const registry = await start(
      ({ headers }, response) =>
        headers.authorization === undefined
          ? send(response, 401, { 'www-authenticate': `Bearer realm="https://${tokens}/token"` })
          : send(response, 307, { location: `https://${store}/there` }),
      identity,
    );
    expect(await resolve(clientBy({ https: `http://${proxy.host}` }, [], [tokens]), registry)).toBe(DIGEST);
    expect(proxy.asked).toEqual([registry, tokens, store].map((host) => `CONNECT ${host}`));
    expect(lookedUp).toEqual([]);
  });

  it('asks a registry of plain HTTP with whole URLs, and with its credential', async () => {
    const seen: (string | undefined)[] = [];
    const registry = await start(({ headers }, response) => {
      seen.push(headers.authorization, headers['proxy-authorization']);
      send(response, headers.authorization === undefined ? 401 : 200, { 'www-authenticate': 'Basic realm="r"', 'docker-content-digest': DIGEST });
    });
    expect(await resolve(clientBy({ http: `http://me:p4ss@${proxy.host}` }, [registry]), registry, undefined, PASSWORD)).toBe(DIGEST);
    const asked = `HEAD http://${registry}/v2/ns/app/manifests/1`;
    expect(proxy.asked).toEqual([asked, asked]);
    expect(seen).toEqual([undefined, undefined, `Basic ${Buffer.from('me:s3cret').toString('base64')}`, undefined]);
  });

  it.each([
    ['registry.test', true],
    ['.test', true],
    ['*', true],
    ['other.test', false],
    ['registry.test:1', false],
    // A range of addresses is no name, and names are not looked up for it.
    ['127.0.0.0/8', false],
  ])('leaves out what NO_PROXY names: %s', async (except, isDirect) => {
    const registry = await start(found, identity);
    expect(await resolve(clientBy({ https: `http://${proxy.host}`, except }), registry)).toBe(DIGEST);
    expect(proxy.asked).toEqual(isDirect ? [] : [`CONNECT ${registry}`]);
    expect(lookedUp).toEqual(isDirect ? ['registry.test'] : []);
  });

  it('still refuses a certificate that is not trusted', async () => {
    const registry = await start(found, identity);
    await expect(resolve(clientBy({ https: `http://${proxy.host}` }), registry, {})).rejects.toMatchObject({
      code: 'Unavailable',
      message: expect.stringMatching(/the certificate of registry.test:\d+ is signed by nobody that is trusted/),
    });
  });
});

describe('RegistryClient and a proxy that is of no help', () => {
  it.each<[number, RegExp]>([
    [407, /: the proxy HOST answered 407: it asks for a name and password, which belong into its URL \(HTTPS_PROXY, HTTP_PROXY\)$/],
    [403, /: the proxy HOST answered 403 when asked for registry.test$/],
    [502, /: the proxy HOST answered 502 when asked for registry.test$/],
    [0, /: the proxy HOST, by way of which registry.test is reached, is of no help: HOST closed the connection before its answer ended$/],
  ])('says so of one that answers %i', async (status, message) => {
    proxy.refuses = status;
    const words = new RegExp(message.source.replaceAll('HOST', proxy.host.replaceAll('.', '\\.')));
    await expect(resolve(clientBy({ https: `http://me:s3cret@${proxy.host}` }), 'registry.test')).rejects.toMatchObject({
      code: 'Unavailable',
      message: expect.stringMatching(words),
    });
  });

  it.each(['https', 'http'] as const)('says so of one that is not there, on the way by %s', async (scheme) => {
    await proxy[Symbol.asyncDispose]();
    open.shift();
    const client = clientBy({ [scheme]: `http://me:s3cret@${proxy.host}` }, scheme === 'http' ? ['registry.test'] : []);
    const error: unknown = await resolve(client, 'registry.test').catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      code: 'Unavailable',
      message: expect.stringContaining(`the proxy ${proxy.host}, by way of which registry.test is reached, is of no help: ${proxy.host} refuses the connection`),
    });
    expect(String(error)).not.toContain('s3cret');
  });
});
