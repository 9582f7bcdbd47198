import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../../../test/fakes/clock.ts';
import { json, type ScriptedServer, startScripted } from '../../../test/kube/scripted-server.ts';
import { Api } from './api.ts';
import { Discovery } from './discovery.ts';
import { Transport } from './transport.ts';

const signal = new AbortController().signal;

const resource = (name: string, kind: string, isNamespaced: boolean, subresources: readonly string[] = []) => ({
  resource: name,
  responseKind: { group: '', version: '', kind },
  scope: isNamespaced ? 'Namespaced' : 'Cluster',
  subresources: subresources.map((subKind) => ({ subresource: 'sub', responseKind: { kind: subKind } })),
});
const group = (name: string, ...versions: readonly unknown[]) => ({ metadata: { name }, versions });
const aggregated = (...items: readonly unknown[]) => ({ kind: 'APIGroupDiscoveryList', items });

const AGGREGATED: Readonly<Record<string, unknown>> = {
  '/version': { gitVersion: 'v1.36.3' },
  '/api': aggregated(
    group('', { version: 'v1', freshness: 'Current', resources: [resource('pods', 'Pod', true, ['Binding', 'Pod']), resource('namespaces', 'Namespace', false)] }),
  ),
  '/apis': aggregated(
    group('apps', { version: 'v1', freshness: 'Current', resources: [resource('deployments', 'Deployment', true, ['Scale'])] }),
    group('metrics.k8s.io', { version: 'v1beta1', freshness: 'Stale', resources: [] }),
  ),
};

const PLAIN: Readonly<Record<string, unknown>> = {
  '/version': { gitVersion: 'v1.25.0' },
  '/api': { kind: 'APIVersions', versions: ['v1'] },
  '/api/v1': {
    resources: [
      { name: 'pods', kind: 'Pod', namespaced: true },
      { name: 'pods/binding', kind: 'Binding', namespaced: true },
      { name: 'namespaces', kind: 'Namespace', namespaced: false },
    ],
  },
  '/apis': { kind: 'APIGroupList', groups: [{ versions: [{ groupVersion: 'apps/v1' }] }, { versions: [{ groupVersion: 'metrics.k8s.io/v1beta1' }] }] },
  '/apis/apps/v1': {
    resources: [
      { name: 'deployments', kind: 'Deployment', namespaced: true },
      { name: 'deployments/scale', kind: 'Scale', namespaced: true },
    ],
  },
};

describe('Discovery', () => {
  let server: ScriptedServer;
  let transport: Transport;
  let discovery: Discovery;
  const clock = new FakeClock();

  const serve = (documents: Readonly<Record<string, unknown>>) => {
    server.script = ({ url }, response) => (url in documents ? json(response, 200, documents[url]) : json(response, 500, {}));
  };

  beforeEach(async () => {
    server = await startScripted(() => undefined);
    transport = new Transport({ server: server.url, credentials: { tls: {}, headers: async () => ({}), renew: async () => undefined }, clock });
    discovery = new Discovery(new Api(transport), clock);
  });

  afterEach(async () => {
    await transport.close();
    await server.close();
  });

  it.each([
    ['aggregated', AGGREGATED, 'v1.36.3'],
    ['plain', PLAIN, 'v1.25.0'],
  ] as const)('makes paths and capabilities of %s documents', async (_, documents, kubeVersion) => {
    serve(documents);
    expect(await discovery.pathOf({ apiVersion: 'v1', kind: 'Pod', namespace: 'apps', name: 'a' }, signal)).toBe('/api/v1/namespaces/apps/pods/a');
    expect(await discovery.pathOf({ apiVersion: 'v1', kind: 'Namespace', namespace: '', name: 'apps' }, signal)).toBe('/api/v1/namespaces/apps');
    expect(await discovery.pathOf({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'apps', name: 'system:a' }, signal)).toBe(
      '/apis/apps/v1/namespaces/apps/deployments/system%3Aa',
    );
    expect(await discovery.collectionOf({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: '' }, signal)).toBe('/apis/apps/v1/deployments');
    const capabilities = await discovery.capabilities(signal);
    expect(capabilities.kubeVersion).toBe(kubeVersion);
    expect([...capabilities.apiVersions].toSorted()).toEqual(['apps/v1', 'apps/v1/Deployment', 'apps/v1/Scale', 'v1', 'v1/Binding', 'v1/Namespace', 'v1/Pod']);
    expect(server.seen.filter(({ url }) => url === '/apis')).toHaveLength(1);
  });

  it.each([
    ['aggregated', AGGREGATED],
    ['plain', PLAIN],
  ] as const)('does not call a kind unknown whose API does not answer (%s)', async (_, documents) => {
    serve(documents);
    await expect(discovery.kind('metrics.k8s.io/v1beta1', 'PodMetrics', signal)).rejects.toMatchObject({ code: 'Unavailable' });
    await expect(discovery.kind('absent.io/v1', 'Thing', signal)).rejects.toMatchObject({ code: 'UnknownKind' });
  });

  const asked = () => server.seen.filter(({ url }) => url === '/apis').length;

  it('asks once for all who ask at once', async () => {
    serve(AGGREGATED);
    await Promise.all([discovery.capabilities(signal), discovery.kind('v1', 'Pod', signal), discovery.kind('apps/v1', 'Deployment', signal)]);
    expect(asked()).toBe(1);
  });

  it('asks again for an unknown kind, but for the same one only after a while', async () => {
    serve(AGGREGATED);
    const look = (kind: string) => discovery.kind('v1', kind, signal).catch(() => undefined);
    await look('Thing');
    await look('Thing');
    expect(asked()).toBe(1);
    await look('Other');
    await look('Other');
    expect(asked()).toBe(2);
    await clock.advance(5000);
    await look('Other');
    expect(asked()).toBe(3);
  });

  it('does not take what an API server leaves out that has just started for what is not served', async () => {
    const all = AGGREGATED;
    serve({ ...all, '/apis': aggregated() });
    server.readyz = 500;
    const found = discovery.kind('apps/v1', 'Deployment', signal);
    await vi.waitFor(() => expect(server.readyzPorts).toHaveLength(1));
    serve(all);
    server.readyz = 200;
    await vi.waitFor(() => expect(clock.pending).toBeGreaterThan(1));
    await clock.advance(500);
    expect(await found).toEqual({ resource: 'deployments', isNamespaced: true });
  });

  it('answers about capabilities anew after a minute', async () => {
    serve(AGGREGATED);
    await discovery.capabilities(signal);
    await clock.advance(59_999);
    await discovery.capabilities(signal);
    expect(asked()).toBe(1);
    await clock.advance(1);
    await discovery.capabilities(signal);
    expect(asked()).toBe(2);
  });

  it('ends for one who gives up, not for the others', async () => {
    serve(AGGREGATED);
    const abort = new AbortController();
    const given = discovery.capabilities(abort.signal);
    const other = discovery.capabilities(signal);
    abort.abort(new Error('enough'));
    await expect(given).rejects.toThrow('enough');
    expect((await other).kubeVersion).toBe('v1.36.3');
  });
});
