import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { realClock } from '../../../test/kube/real-clock.ts';
import { RecordingLogger } from '../../../test/kube/recording-logger.ts';
import { json, type ScriptedServer, startScripted } from '../../../test/kube/scripted-server.ts';
import { Api } from './api.ts';
import { Discovery } from './discovery.ts';
import { KubeReleases } from './releases.ts';
import { Transport } from './transport.ts';

const signal = new AbortController().signal;
const release = (resourceVersion: string, rest: Readonly<Record<string, unknown>> = {}) => ({
  apiVersion: 'tagalong.dev/v1beta1',
  kind: 'ChartRelease',
  metadata: { name: 'web', namespace: 'apps', uid: 'u', resourceVersion, generation: 1, ...(rest['metadata'] ?? {}) },
  spec: { chart: 'r/a:1' },
  status: rest['status'] ?? {},
});

describe('KubeReleases', () => {
  let server: ScriptedServer;
  let transport: Transport;
  let releases: KubeReleases;
  let watch: ServerResponse | undefined;
  const told: string[] = [];
  const emit = (type: string, object: unknown) => watch?.write(`${JSON.stringify({ type, object })}\n`);
  const versionNow = () => releases.get('apps/web')?.release.metadata.resourceVersion;

  beforeEach(async () => {
    told.length = 0;
    watch = undefined;
    server = await startScripted((request, response) => {
      if (request.method === 'PATCH') json(response, 200, release('100', { status: { revision: 1 } }));
      else if (!request.url.includes('watch=true')) json(response, 200, { metadata: { resourceVersion: '98' }, items: [release('98')] });
      else {
        response.writeHead(200).flushHeaders();
        watch = response;
      }
    });
    const clock = realClock();
    transport = new Transport({ server: server.url, credentials: { tls: {}, headers: async () => ({}), renew: async () => undefined }, clock });
    const api = new Api(transport);
    const connection = { api, discovery: new Discovery(api, clock), clock, logger: new RecordingLogger(), namespace: 'apps', close: () => transport.close() };
    releases = new KubeReleases(connection, { namespaces: [], changed: (_, what) => told.push(what) });
    releases.start();
    await releases.ready(signal);
    await vi.waitFor(() => expect(watch).toBeDefined());
  });

  afterEach(async () => {
    await transport.close();
    await server.close();
  });

  const save = async () => {
    const seen = releases.get('apps/web');
    if (seen === undefined) throw new Error('not seen');
    await releases.saveStatus(seen.release, { revision: 1 }, signal);
  };

  it('never goes back behind its own write, and compares versions as numbers', async () => {
    await save();
    expect(versionNow()).toBe('100');
    emit('MODIFIED', release('99', { metadata: { generation: 2 } }));
    await vi.waitFor(() => expect(told).toEqual(['spec', 'spec']));
    expect(versionNow()).toBe('100');
    emit('MODIFIED', release('101', { metadata: { generation: 2 } }));
    await vi.waitFor(() => expect(versionNow()).toBe('101'));
  });

  it('does not write over a state that it has not seen, and begins with that from then on', async () => {
    const bodies: string[] = [];
    server.script = (request, response) => {
      bodies.push(request.body);
      if (request.method === 'GET') json(response, 200, release('120', { status: { revision: 7 } }));
      else json(response, 409, { kind: 'Status', status: 'Failure', code: 409, reason: 'Conflict', message: 'the object has been modified' });
    };
    await expect(save()).rejects.toMatchObject({ code: 'Conflict' });
    expect(JSON.parse(bodies[0] ?? '')).toContainEqual({ op: 'replace', path: '/metadata/resourceVersion', value: '98' });
    expect(versionNow()).toBe('120');
  });

  it('writes after all where only something else than the status has changed, as it has seen by then', async () => {
    const versions: unknown[] = [];
    server.script = (request, response) => {
      if (request.method === 'GET') return json(response, 200, release('120', { metadata: { generation: 3 } }));
      const { value } = (JSON.parse(request.body) as { path: string; value: unknown }[]).find(({ path }) => path === '/metadata/resourceVersion') ?? {};
      versions.push(value);
      if (value === '120') json(response, 200, release('121', { metadata: { generation: 3 }, status: { revision: 1 } }));
      else json(response, 409, { kind: 'Status', status: 'Failure', code: 409, reason: 'Conflict', message: 'the object has been modified' });
    };
    await save();
    expect(versions).toEqual(['98', '120']);
    expect(versionNow()).toBe('121');
  });

  it('does not go on about a conflict where the API server shows nothing newer', async () => {
    let writes = 0;
    server.script = (request, response) => {
      if (request.method === 'GET') return json(response, 200, release('98'));
      writes += 1;
      json(response, 409, { kind: 'Status', status: 'Failure', code: 409, reason: 'Conflict', message: 'the object has been modified' });
    };
    await expect(save()).rejects.toMatchObject({ code: 'Conflict' });
    expect(writes).toBe(1);
  });

  it('does not bring back what is gone when the answer to a write comes late', async () => {
    const seen = releases.get('apps/web');
    server.script = (_, response) => {
      emit('DELETED', release('101'));
      void vi.waitFor(() => expect(told).toEqual(['spec', 'deleted'])).then(() => json(response, 200, release('100')));
    };
    if (seen !== undefined) await releases.saveStatus(seen.release, { revision: 1 }, signal);
    expect(told).toEqual(['spec', 'deleted']);
    expect(releases.get('apps/web')).toBeUndefined();
    expect(releases.keys()).toEqual([]);
  });

  it('forgets its own write when the object goes and another of the name comes', async () => {
    await save();
    emit('DELETED', release('101'));
    emit('ADDED', release('102', { metadata: { uid: 'v' } }));
    await vi.waitFor(() => expect(versionNow()).toBe('102'));
    expect(told).toEqual(['spec', 'deleted', 'spec']);
  });
});
