import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/fakes/clock.ts';
import { type Respond, send, startServer, type TestServer } from '../../../test/registry/test-server.ts';
import type { Credential } from '../../ports/registry.ts';
import { RegistryClient } from './registry-client.ts';

const DIGEST = `sha256:${'0'.repeat(64)}`;
const JSON_TYPE = { 'content-type': 'application/json' };
const me: Credential = { kind: 'Password', username: 'me', password: 's3cret' };
const identity: Credential = { kind: 'IdentityToken', identityToken: 's3cret', username: '', password: '' };
const signal = AbortSignal.timeout(30_000);

/** A registry that takes the tokens of `good`, and a token server that does as `give` says. */
let registry: TestServer;
let tokens: TestServer;
let moved: TestServer;
let clock: FakeClock;
let client: RegistryClient;
let good: (token: string) => boolean;
let challenge: string;
let give: Respond;
let counted: string[];

const open: AsyncDisposable[] = [];
beforeEach(async () => {
  clock = new FakeClock();
  counted = [];
  good = () => true;
  registry = await startServer(({ headers: { authorization = '' } }, response) => {
    const isGood = authorization.startsWith('Bearer ') && good(authorization.slice('Bearer '.length));
    if (isGood) send(response, 200, { 'docker-content-digest': DIGEST });
    else send(response, 401, { 'www-authenticate': challenge });
  });
  tokens = await startServer((request, response) => give(request, response));
  moved = await startServer(numbered());
  challenge = `Bearer realm="http://${tokens.host}/token",service="r",scope="repository:ns/app:pull,push"`;
  client = clientWith({});
  open.push(registry, tokens, moved);
});
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
});

const clientWith = (timeouts: object): RegistryClient => {
  const metrics = {
    begin: (host: string, operation: string) => (status: number | undefined) => void counted.push(`${host === registry.host} ${operation} ${status}`),
    digestChanged: () => undefined,
  };
  const made = new RegistryClient({ clock, plainHttpHosts: [registry.host, tokens.host, moved.host], timeouts, metrics });
  open.push({ [Symbol.asyncDispose]: () => made.close() });
  return made;
};

const NOBODY = undefined;
const resolve = (credential: Credential | undefined): Promise<string> =>
  client.resolve({ reference: { registry: registry.host, repository: 'ns/app', tag: '1' }, credential }, signal);

const always =
  (status: number, headers: Readonly<Record<string, string>> = {}, body = ''): Respond =>
  (_, response) =>
    send(response, status, headers, body);

const numbered = (fields: object = {}): Respond => {
  let nth = 0;
  return (_, response) => {
    nth += 1;
    send(response, 200, JSON_TYPE, JSON.stringify({ token: `t${nth}`, ...fields }));
  };
};

const endless = (response: ServerResponse): void => {
  const more = (): void => {
    if (!response.destroyed && response.write(Buffer.alloc(64 * 1024, ' '))) setImmediate(more);
  };
  response.on('drain', more);
  more();
};

describe('RegistryClient and a token server', () => {
  it('asks once for what is asked often, and sends the token at once from then on', async () => {
    give = numbered({ expires_in: 300 });
    for (const _ of [1, 2, 3]) expect(await resolve(me)).toBe(DIGEST);
    expect(tokens.requests.map(({ url }) => url)).toEqual(['/token?service=r&scope=repository%3Ans%2Fapp%3Apull&client_id=tagalong']);
    expect(registry.requests.map(({ authorization }) => authorization)).toEqual([undefined, 'Bearer t1', 'Bearer t1', 'Bearer t1']);
    expect(counted).toEqual(['true resolve 401', 'true token 200', 'true resolve 200', 'true resolve 200', 'true resolve 200']);
  });

  it('asks once for all who come at the same time', async () => {
    give = numbered({ expires_in: 300 });
    await Promise.all(Array.from({ length: 10 }, () => resolve(me)));
    expect(tokens.requests).toHaveLength(1);
  });

  it('gets a token for nobody too', async () => {
    give = numbered();
    expect(await resolve(NOBODY)).toBe(DIGEST);
    expect(tokens.requests).toMatchObject([{ method: 'GET' }]);
  });

  it('gets one new token when the registry takes the old one no longer', async () => {
    give = numbered({ expires_in: 3600 });
    await resolve(me);
    good = (token) => token === 't2';
    expect(await resolve(me)).toBe(DIGEST);
    expect(registry.requests.slice(2).map(({ authorization }) => authorization)).toEqual(['Bearer t1', 'Bearer t2']);
  });

  it('gives up where every token is refused, in words', async () => {
    give = numbered({ expires_in: 3600 });
    good = () => false;
    await expect(resolve(me)).rejects.toMatchObject({
      code: 'Unauthorized',
      message: `cannot resolve ${registry.host}/ns/app:1: the registry answered 401: it refuses the token of ${tokens.host} (service "r", scope "repository:ns/app:pull")`,
    });
    expect(tokens.requests).toHaveLength(1);
    await expect(resolve(me)).rejects.toMatchObject({ code: 'Unauthorized' });
    expect(tokens.requests).toHaveLength(2);
  });

  it('gets tokens from a registry that asked for a password before', async () => {
    const bearer = challenge;
    const basic = `Basic ${Buffer.from('me:s3cret').toString('base64')}`;
    challenge = 'Basic realm="r"';
    await expect(resolve(me)).rejects.toMatchObject({ code: 'Unauthorized' });
    challenge = bearer;
    give = numbered({ expires_in: 300 });
    await resolve(me);
    await resolve(me);
    expect(registry.requests.slice(2).map(({ authorization }) => authorization)).toEqual([basic, 'Bearer t1', 'Bearer t1']);
  });

  it('follows redirects within the realm', async () => {
    give = (request, response) => (request.url?.startsWith('/token') === true ? send(response, 307, { location: '/other' }) : numbered()(request, response));
    expect(await resolve(me)).toBe(DIGEST);
    expect(tokens.requests.map(({ url, authorization }) => [url?.replace(/\?.*/, ''), authorization !== undefined])).toEqual([
      ['/token', true],
      ['/other', true],
    ]);
  });

  it('hears from the registry when its token server has moved', async () => {
    give = numbered({ expires_in: 10 });
    await resolve(me);
    give = always(410);
    challenge = `Bearer realm="http://${moved.host}/token"`;
    await clock.advance(10_000);
    expect(await resolve(me)).toBe(DIGEST);
    expect(moved.requests).toMatchObject([{ url: '/token?scope=repository%3Ans%2Fapp%3Apull&client_id=tagalong' }]);
  });
});

describe('RegistryClient and a token server that is of no help', () => {
  const named = `the token server HOST \\(service "r", scope "repository:ns/app:pull"\\)`;
  it.each<[string, Respond, string, string]>([
    ['200 without a token', always(200, JSON_TYPE, '{"expires_in":300}'), 'Unavailable', 'answered 200 with no token$'],
    ['garbage', always(200, JSON_TYPE, '{s3cret'), 'Unavailable', 'answered 200 with something that is not a JSON object$'],
    ['an empty body', always(200), 'Unavailable', 'answered 200 with something that is not a JSON object$'],
    ['a page', always(200, { 'content-type': 'text/html' }, '<html>s3cret'), 'Unavailable', 'answered 200 with an HTML page, perhaps of a login$'],
    ['a token with a line break', always(200, JSON_TYPE, '{"token":"s3cret\\n"}'), 'Unavailable', 'answered 200 with a token that cannot be sent in a header$'],
    ['a body without end', (_, response) => endless(response), 'Unavailable', 'answered with more than 65536 bytes$'],
    ['400', always(400, JSON_TYPE, '{"error":"invalid_grant s3cret"}'), 'Unauthorized', 'answered 400: the credentials are refused$'],
    ['401', always(401, {}, '{"details":"no user me:s3cret"}'), 'Unauthorized', 'answered 401: the credentials are refused$'],
    ['403', always(403), 'Unauthorized', 'answered 403: the credentials do not allow it$'],
    ['404 to all it is asked', always(404), 'Unavailable', 'answered 404: it gives no tokens there$'],
    ['429', always(429, { 'retry-after': '7' }), 'Throttled', 'answered 429$'],
    ['500', always(500, {}, 's3cret'), 'Unavailable', 'answered 500$'],
    ['503', always(503, { 'retry-after': '7' }), 'Unavailable', 'answered 503$'],
    ['no answer', (_, response) => response.destroy(), 'Unavailable', 'gave no answer: HOST closed the connection without an answer'],
    ['half an answer', half, 'Unavailable', 'gave no answer: (HOST closed the connection before its answer ended|the answer of HOST has another length)'],
    ['an encoded answer', always(200, { 'content-encoding': 'gzip' }, 'x'), 'Unavailable', 'gave no answer: the answer came in the encoding "gzip"'],
    ['a redirect in a circle', always(302, { location: '/token' }), 'Unavailable', 'answered with more than 5 redirects$'],
    ['a redirect elsewhere', always(302, { location: 'https://evil.example/?s3cret' }), 'Unavailable', 'answered with a redirect to evil.example, which is not followed$'],
    ['a redirect with a user', always(302, { location: 'http://s3cret@127.0.0.1/' }), 'Unavailable', 'answered with a redirect to 127.0.0.1 with a user name in it$'],
  ])('tells %s, and names host, service and scope but no secret', async (_name, respond, code, message) => {
    give = respond;
    const error: unknown = await resolve(me).catch((caught: unknown) => caught);
    const host = tokens.host.replaceAll('.', '\\.');
    expect(error).toMatchObject({ code, message: expect.stringMatching(new RegExp(`^cannot resolve .*/ns/app:1: ${named} ${message}`.replaceAll('HOST', host))) });
    expect(String(error)).not.toMatch(/s3cret|czNjcmV0/);
  });

  it('hands on when to come back', async () => {
    give = always(429, { 'retry-after': '7' });
    await expect(resolve(me)).rejects.toMatchObject({ code: 'Throttled', retryAfterMs: 7000 });
  });

  it('says that nobody gets a token without credentials', async () => {
    give = always(401);
    await expect(resolve(NOBODY)).rejects.toMatchObject({
      code: 'Unauthorized',
      message: expect.stringMatching(/answered 401: credentials are needed and there are none$/),
    });
  });

  it.each([302, 307, 308])('does not follow the redirect (%i) of a refresh token', async (status) => {
    give = always(status, { location: '/elsewhere' });
    await expect(resolve(identity)).rejects.toMatchObject({ message: expect.stringMatching(/answered 30\d, a redirect of a POST, which is not followed$/) });
    expect(tokens.requests).toHaveLength(1);
  });

  it('gives up on one that does not answer in time', async () => {
    give = () => undefined;
    client = clientWith({ overallMs: 150 });
    await expect(resolve(me)).rejects.toMatchObject({ code: 'Unavailable', message: expect.stringMatching(/did not answer in full within 150 ms$/) });
  });

  it('quotes foreign words as one short line', async () => {
    give = always(403);
    challenge = `Bearer realm="http://${tokens.host}/token",service="${'x'.repeat(500)}",scope="repository:a\u0085b:pull"`;
    const error: unknown = await resolve(me).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ message: expect.stringMatching(/^\P{Cc}{1,500}$/u) });
  });
});

function half(_: unknown, response: ServerResponse): void {
  response.writeHead(200, { 'content-length': '9' });
  response.write('{"to', () => response.destroy());
}
