import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/fakes/clock.ts';
import { type CncfRegistry, startCncfRegistry } from '../../../test/registry/cncf-registry.ts';
import { pushChart, smallChart } from '../../../test/registry/push.ts';
import { startTokenServer, type TokenServer, type TokenServerOptions } from '../../../test/registry/token-server.ts';
import { ensureTools } from '../../../test/tools/ensure.ts';
import type { Credential, TagAddress } from '../../ports/registry.ts';
import { RegistryCharts } from './registry-charts.ts';
import { RegistryClient } from './registry-client.ts';

// Cold caches build the program.
const TOOLS_MS = 15 * 60_000;
const ME: Credential = { kind: 'Password', username: 'me', password: 's3cret' };
const signal = (): AbortSignal => AbortSignal.timeout(30_000);

let binary: string;
beforeAll(async () => {
  binary = (await ensureTools(['registry'])).registry;
}, TOOLS_MS);

let tokens: TokenServer;
let registry: CncfRegistry;
let client: RegistryClient;
let digest: string;
const open: AsyncDisposable[] = [];

const begin = async (options: TokenServerOptions = {}): Promise<void> => {
  tokens = await startTokenServer({ users: { me: 's3cret' }, refreshTokens: ['r3fresh'], ...options });
  registry = await startCncfRegistry(binary, { tokens: tokens.trust });
  client = new RegistryClient({ clock: new FakeClock(), plainHttpHosts: [registry.host, tokens.host] });
  open.push(tokens, { [Symbol.asyncDispose]: () => registry.close() }, { [Symbol.asyncDispose]: () => client.close() });
  digest = await pushChart(registry.host, 'ns/app', '1', smallChart('app', '1.0.0'), { credential: { token: tokens.tokenFor('ns/app') } });
};

afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
});

const address = (credential: Credential | undefined): TagAddress => ({ reference: { registry: registry.host, repository: 'ns/app', tag: '1' }, credential });
const resolve = (credential: Credential | undefined): Promise<string> => client.resolve(address(credential), signal());

describe('a CNCF registry that asks for tokens', () => {
  beforeEach(() => begin());

  it.each<[string, Credential]>([
    ['a name and password', ME],
    ['an identity token', { kind: 'IdentityToken', identityToken: 'r3fresh', username: '', password: '' }],
  ])('lets %s in, with one token for tag, manifest and blob', async (_name, credential) => {
    expect(await resolve(credential)).toBe(digest);
    const { reference } = address(credential);
    expect(await new RegistryCharts({ client }).pull(reference, digest, { credential }, signal())).toMatchObject({ digest });
    expect(tokens.requests).toHaveLength(1);
  });

  it('lets a registry token in, and asks nobody for another', async () => {
    expect(await resolve({ kind: 'RegistryToken', registryToken: tokens.tokenFor('ns/app') })).toBe(digest);
    expect(tokens.requests).toEqual([]);
  });

  it.each<[string, Credential | undefined, RegExp]>([
    ['nobody', undefined, /the registry answered 401: it refuses the token of 127.*scope "repository:ns\/app:pull"\): credentials are needed and there are none$/],
    [
      'a wrong password',
      { kind: 'Password', username: 'me', password: 'wr0ng' },
      /the token server 127.* \(service "tagalong test registry", scope "repository:ns\/app:pull"\) answered 401: the credentials are refused$/,
    ],
    ['a wrong identity token', { kind: 'IdentityToken', identityToken: 'wr0ng', username: '', password: '' }, /answered 401: the credentials are refused$/],
    ['a wrong registry token', { kind: 'RegistryToken', registryToken: 'wr0ng' }, /the registrytoken of the docker configuration is refused$/],
  ])('does not let %s in, and says why', async (_name, credential, message) => {
    const error: unknown = await resolve(credential).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'Unauthorized', message: expect.stringMatching(message) });
    expect(String(error)).not.toContain('wr0ng');
  });

  it('gets one new token for one that has expired between two requests', async () => {
    tokens.lifeS = 1;
    expect(await resolve(ME)).toBe(digest);
    const spent = tokens.tokenFor('ns/app');
    const refused = async (): Promise<boolean> => (await fetch(`http://${registry.host}/v2/ns/app/manifests/1`, { headers: { authorization: `Bearer ${spent}` } })).status === 401;
    while (!(await refused())) await delay(50);
    tokens.lifeS = 300;
    // The client's clock stands still: it hears from the registry that the token is spent.
    expect(await new RegistryCharts({ client }).pull(address(ME).reference, digest, address(ME), signal())).toMatchObject({ digest });
    expect(tokens.requests).toHaveLength(2);
  });
});

describe('a token server that gives tokens by POST alone', () => {
  beforeEach(() => begin({ isPostOnly: true }));

  it('is asked by POST when it does not take GET', async () => {
    expect(await resolve(ME)).toBe(digest);
    expect(tokens.requests.map(({ method }) => method)).toEqual(['GET', 'POST']);
  });
});
