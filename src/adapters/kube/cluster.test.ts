import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bytesOf, configMap } from '../../../test/kube/objects.ts';
import { realClock } from '../../../test/kube/real-clock.ts';
import { RecordingLogger } from '../../../test/kube/recording-logger.ts';
import { json, type ScriptedServer, startScripted } from '../../../test/kube/scripted-server.ts';
import { Api } from './api.ts';
import { KubeCluster } from './cluster.ts';
import { Discovery } from './discovery.ts';
import { Transport } from './transport.ts';

const signal = new AbortController().signal;
const clock = realClock(100);
const ref = configMap('a', 'b');

const KINDS: Readonly<Record<string, unknown>> = {
  '/version': { gitVersion: 'v1.36.3' },
  '/api': { kind: 'APIVersions', versions: ['v1'] },
  '/api/v1': { resources: [{ name: 'configmaps', kind: 'ConfigMap', namespaced: true }] },
  '/apis': { kind: 'APIGroupList', groups: [] },
};
const CONFLICT = { kind: 'Status', code: 409, reason: 'Conflict', message: 'the object has been modified', details: { name: 'b', kind: 'configmaps' } };
const APPLIED = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'b', namespace: 'a', uid: 'u', resourceVersion: '7' } };

describe('an object that is applied', () => {
  let server: ScriptedServer;
  let transport: Transport;
  let cluster: KubeCluster;
  let conflicts: number;

  beforeEach(async () => {
    server = await startScripted(({ url }, response) => {
      if (url in KINDS) return json(response, 200, KINDS[url]);
      conflicts -= 1;
      json(response, conflicts < 0 ? 200 : 409, conflicts < 0 ? APPLIED : CONFLICT);
    });
    transport = new Transport({ server: server.url, credentials: { tls: {}, headers: async () => ({}), renew: async () => undefined }, clock });
    const api = new Api(transport);
    cluster = new KubeCluster({ api, discovery: new Discovery(api, clock), clock, logger: new RecordingLogger(), namespace: '', close: () => transport.close() });
  });
  afterEach(async () => {
    await transport.close();
    await server.close();
  });

  const applies = () => server.seen.filter(({ method }) => method === 'PATCH').length;

  it('is sent again where others write it at the same moment', async () => {
    conflicts = 2;
    expect(await cluster.apply(ref, bytesOf(ref, {}), { dryRun: false }, signal)).toMatchObject({ uid: 'u', resourceVersion: '7' });
    expect(applies()).toBe(3);
  });

  it('is in conflict where that does not end', async () => {
    conflicts = 9;
    await expect(cluster.apply(ref, bytesOf(ref, {}), { dryRun: false }, signal)).rejects.toMatchObject({ code: 'Conflict' });
    expect(applies()).toBe(3);
  });
});
