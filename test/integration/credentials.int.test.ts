import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type CncfRegistry, startCncfRegistry } from '../registry/cncf-registry.ts';
import { pushChart, smallChart } from '../registry/push.ts';
import { startTokenServer, type TokenServer } from '../registry/token-server.ts';
import { openSite, type Site } from './site.ts';

const USERS = { puller: 'pull-s3cret', account: 'account-s3cret', fleet: 'fleet-s3cret' } as const;
type User = keyof typeof USERS;

let site: Site;
let registry: CncfRegistry;
let tokens: TokenServer;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tagalong-credentials-'));
  tokens = await startTokenServer({ users: USERS });
  registry = await startCncfRegistry(inject('lab').tools['registry'] ?? '', { tokens: tokens.trust });
  await writeDefault('wr0ng');
  site = await openSite('logins', { plainHttpHosts: [registry.host, tokens.host], settings: { registryCredentials: path.join(folder, 'config.json') } });
  await dockerSecret('account-login', { [`${registry.host}/account`]: 'account', [`${registry.host}/shared`]: 'account' });
  const patch = { imagePullSecrets: [{ name: 'not-there' }, { name: 'account-login' }] };
  await site.ask('PATCH', `/api/v1/namespaces/${site.namespace}/serviceaccounts/default`, patch, 'application/merge-patch+json');
});
afterAll(async () => {
  await site.close();
  await Promise.all([registry.close(), tokens.close()]);
  await rm(folder, { recursive: true, force: true });
});

const basic = (user: User, password: string = USERS[user]): string => Buffer.from(`${user}:${password}`).toString('base64');

const dockerConfig = (entries: Readonly<Record<string, User>>): string =>
  JSON.stringify({ auths: Object.fromEntries(Object.entries(entries).map(([key, user]) => [key, { auth: basic(user) }])) });

const dockerSecret = async (name: string, entries: Readonly<Record<string, User>>): Promise<void> => {
  const secret = { metadata: { name }, type: 'kubernetes.io/dockerconfigjson', stringData: { '.dockerconfigjson': dockerConfig(entries) } };
  await site.ask('POST', `/api/v1/namespaces/${site.namespace}/secrets`, { apiVersion: 'v1', kind: 'Secret', ...secret });
};

const writeDefault = (password: string): Promise<void> => {
  const auth = { auth: basic('fleet', password) };
  return writeFile(path.join(folder, 'config.json'), JSON.stringify({ auths: { [`${registry.host}/fleet`]: auth, [`${registry.host}/shared`]: auth } }));
};

const push = (repository: string, version: string): Promise<string> =>
  pushChart(registry.host, repository, 'stable', smallChart('app', version), { credential: { token: tokens.tokenFor(repository) } });

/** As whom tokens for a repository were asked for. */
const askers = (repository: string): readonly (string | undefined)[] => {
  const asked = tokens.requests.filter(({ url }) => new URL(url, 'http://tokens').searchParams.get('scope') === `repository:${repository}:pull`);
  return [...new Set(asked.map(({ authorization }) => authorization))];
};

const follows = async (name: string, repository: string, spec: object = {}): Promise<void> => {
  await push(repository, '1.0.0');
  await site.release(name, { chart: `${registry.host}/${repository}:stable`, ...spec });
  await site.ready(name, 1);
  await push(repository, '2.0.0');
  await site.lookNow(name);
  expect((await site.ready(name, 2)).chart?.version).toBe('2.0.0');
};

describe.concurrent('a tag in a registry that asks for tokens', () => {
  it('is followed with a pull secret, which comes before all else', async () => {
    await dockerSecret('login', { [registry.host]: 'puller' });
    await follows('pulled', 'shared/pulled', { pullSecrets: [{ name: 'login' }] });
    expect(askers('shared/pulled')).toEqual([`Basic ${basic('puller')}`]);
  });

  it('is followed with the imagePullSecrets of the ServiceAccount default, which come before those of the operator', async () => {
    await follows('accounted', 'shared/accounted');
    expect(askers('shared/accounted')).toEqual([`Basic ${basic('account')}`]);
  });

  it('is followed with the credentials of the operator, as soon as they are right', async () => {
    await push('fleet/app', '1.0.0');
    await site.release('fleet', { chart: `${registry.host}/fleet/app:stable` });
    const message = await site.fails('fleet', 'AuthenticationFailed');
    expect(message).toContain(`the token server ${tokens.host} (service "${tokens.trust.service}", scope "repository:fleet/app:pull") answered 401: the credentials are refused`);
    expect(message).not.toContain('wr0ng');
    await writeDefault(USERS.fleet);
    await site.lookNow('fleet');
    await site.ready('fleet', 1);
  });

  it('is not followed by nobody', async () => {
    await push('closed/app', '1.0.0');
    await site.release('nobody', { chart: `${registry.host}/closed/app:stable` });
    expect(await site.fails('nobody', 'AuthenticationFailed')).toContain('credentials are needed and there are none');
    expect(askers('closed/app')).toEqual([undefined]);
  });

  it('is counted, and no secret is in log or metrics', async () => {
    await follows('counted', 'account/counted');
    const metrics = await (await fetch(`${site.operator.url('metrics')}/metrics`)).text();
    expect(metrics).toMatch(new RegExp(`tagalong_registry_requests_total\\{registry="${registry.host}",op="token",code="200"\\} [1-9]`));
    const told = [metrics, ...site.operator.log()].join('\n');
    // The last is how every JSON Web Token begins.
    for (const secret of ['s3cret', 'wr0ng', basic('fleet', 'wr0ng'), ...Object.keys(USERS).map((user) => basic(user as User)), 'eyJ']) expect(told).not.toContain(secret);
  });
});
