import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/fakes/clock.ts';
import { type MemoryRegistry, startMemoryRegistry } from '../../../test/registry/memory-registry.ts';
import { pushChart, smallChart } from '../../../test/registry/push.ts';
import { type Respond, send, startServer, type TestServer } from '../../../test/registry/test-server.ts';
import type { Credential, TagAddress } from '../../ports/registry.ts';
import { type ChartAccess, RegistryClient } from './registry-client.ts';

const digestOf = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;
const signal = AbortSignal.timeout(30_000);
const credential: Credential = { kind: 'Password', username: 'me', password: 's3cret' };
const basic = `Basic ${Buffer.from('me:s3cret').toString('base64')}`;
const blobOf = (text: string, size = text.length) => ({ mediaType: 'x/y', digest: digestOf(text), size, annotations: {} });

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
});

const serve = async (respond: Respond, tls?: object): Promise<TestServer> => {
  const server = await startServer(respond, tls);
  open.push(server);
  return server;
};

const clientFor = (hosts: readonly string[], timeouts = {}): RegistryClient => {
  const client = new RegistryClient({ clock: new FakeClock(), plainHttpHosts: hosts, timeouts });
  open.push({ [Symbol.asyncDispose]: () => client.close() });
  return client;
};

const address = (registry: string, as?: Credential): TagAddress => ({ reference: { registry, repository: 'ns/app', tag: '1' }, credential: as });
const chart = (registry: string, digest: string, as?: Credential): ChartAccess => ({ reference: { registry, repository: 'ns/app', digest }, credential: as });
const resolve = (server: Pick<TestServer, 'host'>, as?: Credential): Promise<string> => clientFor([server.host]).resolve(address(server.host, as), signal);
const blob = (server: TestServer, text: string, as?: Credential): Promise<Uint8Array> => clientFor([server.host]).blob(chart(server.host, digestOf('x'), as), blobOf(text), signal);
const always =
  (status: number, headers: Readonly<Record<string, string>> = {}, body = ''): Respond =>
  (_, response) =>
    send(response, status, headers, body);
const named = { 'docker-content-digest': digestOf('x') };

describe('RegistryClient.resolve', () => {
  let registry: MemoryRegistry;
  beforeEach(async () => {
    registry = await startMemoryRegistry();
    open.push(registry);
  });

  it('asks for the digest with one HEAD', async () => {
    const digest = await pushChart(registry.host, 'ns/app', '1', smallChart('app', '1.0.0'));
    registry.requests.length = 0;
    expect(await clientFor([registry.host]).resolve(address(registry.host), signal)).toBe(digest);
    expect(registry.requests).toMatchObject([{ method: 'HEAD', url: '/v2/ns/app/manifests/1', accept: expect.stringContaining('image.index') }]);
  });

  it.each([
    ['the registry does not take HEAD', 405],
    ['HEAD names no digest', 200],
  ])('hashes the manifest where %s', async (_name, status) => {
    const digest = await pushChart(registry.host, 'ns/app', '1', smallChart('app', '1.0.0'));
    registry.intercept = ({ method }, response) => method === 'HEAD' && response.writeHead(status).end().writableEnded;
    expect(await clientFor([registry.host]).resolve(address(registry.host), signal)).toBe(digest);
  });

  it('does not take a page without digest for a manifest', async () => {
    const server = await serve(always(200, { 'content-type': 'text/html' }, '<html>'));
    await expect(resolve(server)).rejects.toMatchObject({ code: 'Unavailable', message: expect.stringMatching(/^cannot resolve .*\/ns\/app:1: an HTML page came/) });
  });

  it('is not led by a digest that is none', async () => {
    const server = await serve(always(200, { 'docker-content-digest': 'sha256:../x', 'content-type': 'text/html' }));
    await expect(resolve(server)).rejects.toMatchObject({ code: 'Unavailable' });
  });
});

describe('RegistryClient.manifest', () => {
  const manifest = (server: TestServer, digest: string) => clientFor([server.host]).manifest(chart(server.host, digest), signal);

  it('reads the page of a login as what it is', async () => {
    const server = await serve(always(200, { 'content-type': 'text/html; charset=utf-8' }, '<html>'));
    await expect(manifest(server, digestOf('x'))).rejects.toMatchObject({ code: 'Unavailable', message: expect.stringContaining('an HTML page came') });
  });

  it('rejects bytes of another digest', async () => {
    const server = await serve(always(200, { 'content-type': 'application/vnd.oci.image.manifest.v1+json', ...named }, '{}'));
    await expect(manifest(server, digestOf('x'))).rejects.toMatchObject({ code: 'DigestMismatch', message: expect.stringContaining(digestOf('{}')) });
  });

  it('stops reading at 4 MiB', async () => {
    const server = await serve((_, response) => endless(response));
    // Nothing of it could be hashed: another time the manifest may come.
    await expect(manifest(server, digestOf('x'))).rejects.toMatchObject({ code: 'Unavailable', message: expect.stringContaining('longer than a manifest may be') });
  });

  it('does not ask for a digest that is none', async () => {
    const server = await serve(always(200));
    await expect(manifest(server, '../x')).rejects.toMatchObject({ code: 'NotFound' });
    expect(server.requests).toEqual([]);
  });
});

const endless = (response: ServerResponse): void => {
  const chunk = Buffer.alloc(256 * 1024, 'x');
  const more = (): void => {
    if (!response.destroyed && response.write(chunk)) setImmediate(more);
  };
  response.on('drain', more);
  more();
};

describe('RegistryClient.blob', () => {
  it.each<readonly [string, Respond, string, RegExp]>([
    ['other bytes of the same size', always(200, {}, 'goodbye!!'), 'DigestMismatch', /what came has the digest sha256:/],
    ['too few bytes', always(200, {}, 'good'), 'DigestMismatch', /4 bytes came, its descriptor says 9/],
    ['too many bytes', always(200, {}, 'good bytes and more'), 'DigestMismatch', /more came than the 9 bytes/],
    ['bytes without end', (_, response) => endless(response), 'DigestMismatch', /more came than the 9 bytes/],
    ['a short page of a login', always(200, { 'content-type': 'text/html' }, '<html>'), 'Unavailable', /an HTML page came/],
    ['a long page of a login', always(200, { 'content-type': 'text/html; charset=utf-8' }, '<html><body>'), 'Unavailable', /an HTML page came/],
    ['a truncated body', truncated, 'Unavailable', /closed the connection before its answer ended|another length/],
    ['an encoded body', always(200, { 'content-encoding': 'gzip' }, 'x'), 'Unavailable', /the encoding "gzip", which was not asked for/],
    ['a part', always(206, {}, 'good byte'), 'Unavailable', /answered 206/],
  ])('rejects %s', async (_name, respond, code, message) => {
    await expect(blob(await serve(respond), 'good byte')).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it('takes the bytes of the descriptor whatever type the store gives them', async () => {
    const server = await serve(always(200, { 'content-type': 'text/html' }, 'good byte'));
    expect(Buffer.from(await blob(server, 'good byte')).toString()).toBe('good byte');
  });

  it('takes the bytes of the descriptor, and asks for them as they are', async () => {
    let encoding: unknown;
    const server = await serve((request, response) => {
      encoding = request.headers['accept-encoding'];
      send(response, 200, {}, 'good byte');
    });
    expect(Buffer.from(await blob(server, 'good byte')).toString()).toBe('good byte');
    expect(encoding).toBe('identity');
  });
});

function truncated(_: unknown, response: ServerResponse): void {
  response.writeHead(200, { 'content-length': '9' });
  response.write('good', () => response.destroy());
}

describe('RegistryClient and redirects', () => {
  const redirects =
    (location: () => string, status = 307): Respond =>
    (request, response) => {
      if (request.headers.authorization === undefined) send(response, 401, { 'www-authenticate': 'Basic realm="r"' });
      else send(response, status, { location: location() });
    };

  it.each([301, 302, 303, 307, 308])('keep the credential at its origin (%i)', async (status) => {
    const store = await serve(always(200, {}, 'good byte'));
    const server = await serve(redirects(() => `http://${store.host}/signed?x=1`, status));
    expect(Buffer.from(await blob(server, 'good byte', credential)).toString()).toBe('good byte');
    expect(server.requests.map(({ authorization }) => authorization)).toEqual([undefined, basic]);
    expect(store.requests).toMatchObject([{ url: '/signed?x=1', authorization: undefined }]);
  });

  it('send the credential again within the origin', async () => {
    const server: TestServer = await serve((request, response) => (request.url === '/there' ? send(response, 200, {}, 'good byte') : redirects(() => '/there')(request, response)));
    await blob(server, 'good byte', credential);
    expect(server.requests.at(-1)).toMatchObject({ url: '/there', authorization: basic });
  });

  it('do not answer the challenge of another origin', async () => {
    const store = await serve(always(401, { 'www-authenticate': 'Basic realm="give"' }, '{"errors":[{"message":"inner secret"}]}'));
    const server = await serve(redirects(() => `http://${store.host}/`));
    await expect(blob(server, 'good byte', credential)).rejects.toMatchObject({
      code: 'Unauthorized',
      message: expect.stringMatching(/to where the registry redirects, answered 401$/),
    });
    expect(store.requests).toHaveLength(1);
    expect(store.requests[0]?.authorization).toBeUndefined();
  });

  it('end after five', async () => {
    const server = await serve(always(302, { location: '/again' }));
    await expect(blob(server, 'x')).rejects.toMatchObject({ code: 'Unavailable', message: expect.stringContaining('more than 5 redirects') });
    expect(server.requests).toHaveLength(6);
  });
});

describe('RegistryClient and authorization', () => {
  const guarded: Respond = (request, response) =>
    request.headers.authorization === basic ? send(response, 200, named) : send(response, 401, { 'www-authenticate': 'Basic realm="r"' });

  it('sends Basic when asked for it, and at once from then on', async () => {
    const server = await serve(guarded);
    const client = clientFor([server.host]);
    expect(server.requests).toEqual([]);
    await client.resolve(address(server.host, credential), signal);
    await client.resolve(address(server.host, credential), signal);
    expect(server.requests.map(({ authorization }) => authorization)).toEqual([undefined, basic, basic]);
  });

  it('sends no credential where none is asked for', async () => {
    const server = await serve(always(200, named));
    await resolve(server, credential);
    expect(server.requests.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  it.each<readonly [string, Respond, Credential | undefined, RegExp]>([
    ['of a wrong password', guarded, { kind: 'Password', username: 'me', password: 'wr0ng' }, /answered 401: the credentials are refused$/],
    ['of a missing credential', guarded, undefined, /answered 401: credentials are needed and there are none$/],
    [
      'of a realm that is none',
      always(401, { 'www-authenticate': 'Bearer realm="https://u:s3cret@auth.example/token",service="r"' }),
      credential,
      /names a realm on auth.example with a user name in it$/,
    ],
    ['of no challenge', always(401), credential, /names no way to authenticate/],
    ['of a prohibition', always(403, {}, '{"errors":[{"code":"DENIED","message":"requested access is denied"}]}'), credential, /answered 403 \(it does not allow it\)$/],
  ])('says Unauthorized %s, without the secret', async (_name, respond, as, message) => {
    const error: unknown = await resolve(await serve(respond), as).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'Unauthorized', message: expect.stringMatching(message) });
    expect(String(error)).not.toMatch(/s3cret|wr0ng/);
  });
});

describe('RegistryClient and answers that are no success', () => {
  const errors = (message: string): string => JSON.stringify({ errors: [{ code: 'X', message }] });
  it.each<readonly [string, Respond, object]>([
    [
      '404',
      always(404, {}, errors('blob unknown')),
      { code: 'NotFound', message: expect.stringMatching(/^cannot pull blob 127.*\/ns\/app@sha256:[0-9a-f]{64}: the registry answered 404 \(blob unknown\)$/) },
    ],
    ['404 without a body', always(404), { code: 'NotFound', message: expect.stringMatching(/answered 404 \(no such repository, tag or digest\)$/) }],
    ['429 with seconds', always(429, { 'retry-after': '7' }), { code: 'Throttled', retryAfterMs: 7000 }],
    ['429 with a date', always(429, { 'retry-after': 'Thu, 01 Jan 1970 00:01:00 GMT' }), { code: 'Throttled', retryAfterMs: 60_000 }],
    ['429 with nonsense', always(429, { 'retry-after': 'soon' }), { code: 'Throttled', retryAfterMs: undefined }],
    ['500', always(500, {}, errors('boom')), { code: 'Unavailable', message: expect.stringContaining('answered 500 (boom)') }],
    ['503', always(503, { 'retry-after': '9' }), { code: 'Unavailable', retryAfterMs: 9000 }],
    ['204', always(204), { code: 'Unavailable' }],
    ['304', always(304), { code: 'Unavailable', message: expect.stringContaining('answered 304') }],
    ['a long and evil text', always(400, {}, errors(`\u001b[31m\n${'x'.repeat(5000)}`)), { message: expect.stringMatching(/^\P{Cc}{0,500}$/u) }],
    ['an endless error', (_, response) => endless(response.writeHead(500)), { code: 'Unavailable' }],
  ])('tells %s', async (_name, respond, expected) => {
    await expect(blob(await serve(respond), 'x')).rejects.toMatchObject(expected);
  });
});

describe('RegistryClient and connections that fail', () => {
  const silence: Respond = () => {};

  it('ends with the reason of the signal', async () => {
    const server = await serve(silence);
    const stop = new AbortController();
    const pending = clientFor([server.host]).resolve(address(server.host), stop.signal);
    setImmediate(() => stop.abort(new Error('enough')));
    await expect(pending).rejects.toThrow('enough');
  });

  it.each<readonly [string, Respond]>([
    ['does not answer', silence],
    ['sends its answer byte by byte', drip],
  ])('gives up on a registry that %s', async (_name, respond) => {
    const server = await serve(respond);
    const pending = clientFor([server.host], { overallMs: 150 }).blob(chart(server.host, digestOf('x')), blobOf('x', 1000), signal);
    await expect(pending).rejects.toMatchObject({ code: 'Unavailable', message: expect.stringContaining('did not answer in full within 150 ms') });
  });

  it('says that nobody listens', async () => {
    const resolved = resolve({ host: '127.0.0.1:1' });
    await expect(resolved).rejects.toMatchObject({ code: 'Unavailable', message: expect.stringContaining('127.0.0.1:1 refuses the connection') });
  });

  it('says that a registry speaks plain HTTP', async () => {
    const server = await serve(always(200, named));
    const pending = clientFor([]).resolve(address(server.host), signal);
    await expect(pending).rejects.toMatchObject({
      code: 'Unavailable',
      message: expect.stringMatching(/does not speak TLS; if it speaks plain HTTP: list it under plainHttpHosts/),
    });
  });

  it('says that a registry speaks TLS', async () => {
    const server = await serve(silence, {});
    await expect(resolve(server)).rejects.toMatchObject({ code: 'Unavailable', message: expect.stringMatching(/take it off plainHttpHosts$/) });
  });

  it.each(['The plain HTTP request was sent to HTTPS port', 'Client sent an HTTP request to an HTTPS server.'])('says so too where the server says %j', async (text) => {
    await expect(blob(await serve(always(400, {}, text)), 'x')).rejects.toMatchObject({ message: expect.stringContaining('speaks TLS: take it off plainHttpHosts') });
  });
});

function drip(_: unknown, response: ServerResponse): void {
  const timer = setInterval(() => response.write('x'), 20);
  response.on('close', () => clearInterval(timer));
}
