import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/fakes/clock.ts';
import { RecordingLogger } from '../../../test/kube/recording-logger.ts';
import { json, type ScriptedServer, startScripted } from '../../../test/kube/scripted-server.ts';
import { Api } from './api.ts';
import { Discovery } from './discovery.ts';
import { KubeServiceAccounts } from './service-accounts.ts';
import { Transport } from './transport.ts';

const signal = new AbortController().signal;

describe('KubeServiceAccounts', () => {
  const clock = new FakeClock();
  let server: ScriptedServer;
  let transport: Transport;
  let accounts: KubeServiceAccounts;

  beforeEach(async () => {
    server = await startScripted((_, response) => json(response, 200, { imagePullSecrets: [{ name: 'login' }, {}] }));
    transport = new Transport({ server: server.url, credentials: { tls: {}, headers: async () => ({}), renew: async () => undefined }, clock });
    const api = new Api(transport);
    accounts = new KubeServiceAccounts({ api, discovery: new Discovery(api, clock), clock, logger: new RecordingLogger(), namespace: 'apps', close: () => transport.close() });
  });

  afterEach(async () => {
    await transport.close();
    await server.close();
  });

  const ask = (namespace = 'apps') => accounts.imagePullSecrets(namespace, 'default', signal);

  it('reads an account once for all who ask within ten seconds, and each account by itself', async () => {
    expect(await Promise.all([ask(), ask(), ask('other')])).toEqual([['login'], ['login'], ['login']]);
    await clock.advance(9_999);
    await ask();
    expect(server.seen).toHaveLength(2);
    await clock.advance(1);
    await ask();
    expect(server.seen.map(({ url }) => url)).toEqual(['apps', 'other', 'apps'].map((namespace) => `/api/v1/namespaces/${namespace}/serviceaccounts/default?resourceVersion=0`));
  });

  it('has no names for an account that does not exist', async () => {
    server.script = (_, response) => json(response, 404, { kind: 'Status', reason: 'NotFound', message: 'serviceaccounts "default" not found', details: { name: 'default' } });
    expect(await ask()).toEqual([]);
  });

  it('asks again after a failure', async () => {
    server.script = (_, response) => json(response, 403, { kind: 'Status', message: 'no' });
    await expect(ask()).rejects.toMatchObject({ code: 'Forbidden' });
    server.script = (_, response) => json(response, 200, {});
    expect(await ask()).toEqual([]);
  });
});
