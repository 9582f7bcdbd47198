import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { realClock } from '../../../test/kube/real-clock.ts';
import { RecordingLogger } from '../../../test/kube/recording-logger.ts';
import { json, type ScriptedServer, startScripted } from '../../../test/kube/scripted-server.ts';
import type { RecordHead } from '../../ports/records.ts';
import { Api } from './api.ts';
import { Discovery } from './discovery.ts';
import { RecordIndex } from './record-index.ts';
import { headOf } from './record-secret.ts';
import { Transport } from './transport.ts';

const signal = new AbortController().signal;
const address = { namespace: 'apps', releaseName: 'web' };
const secret = (resourceVersion: string, revision = 2) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {
    name: `sh.helm.release.v1.web.v${revision}`,
    namespace: 'apps',
    uid: `u${revision}`,
    resourceVersion,
    labels: { name: 'web', owner: 'helm', status: 'failed', version: String(revision) },
    annotations: {},
    creationTimestamp: '2026-01-01T00:00:00Z',
  },
});
const head = (resourceVersion: string): RecordHead => headOf(address, secret(resourceVersion)) as RecordHead; // it is one

describe('RecordIndex', () => {
  let server: ScriptedServer;
  let transport: Transport;
  let index: RecordIndex;
  let watch: ServerResponse | undefined;
  let told = 0;
  let listed: { readonly resourceVersion: string; readonly items: readonly unknown[] };
  const emit = (type: string, object: unknown) => watch?.write(`${JSON.stringify({ type, object })}\n`);
  const revisions = async () => (await index.heads(address, signal)).map(({ revision }) => revision);

  beforeEach(async () => {
    [watch, told, listed] = [undefined, 0, { resourceVersion: '30', items: [] }];
    server = await startScripted((request, response) => {
      if (!request.url.includes('watch=true')) json(response, 200, { metadata: { resourceVersion: listed.resourceVersion }, items: listed.items });
      else {
        response.writeHead(200).flushHeaders();
        watch = response;
      }
    });
    const clock = realClock();
    transport = new Transport({ server: server.url, credentials: { tls: {}, headers: async () => ({}), renew: async () => undefined }, clock });
    const api = new Api(transport);
    const connection = { api, discovery: new Discovery(api, clock), clock, logger: new RecordingLogger(), namespace: 'apps', close: () => transport.close() };
    index = new RecordIndex(connection, () => {
      told += 1;
    });
    index.start();
    await index.settled(signal);
    await vi.waitFor(() => expect(watch).toBeDefined());
  });

  afterEach(async () => {
    await transport.close();
    await server.close();
  });

  it('does not bring a record back that was made and deleted before the watch has told of it', async () => {
    index.wrote(address, { kind: 'Wrote', head: head('40') });
    expect(await revisions()).toEqual([2]);
    index.wrote(address, { kind: 'Removed', head: head('40') });
    emit('ADDED', secret('40'));
    await vi.waitFor(() => expect(told).toBe(3));
    expect(await revisions()).toEqual([]);
    emit('DELETED', secret('50'));
    await vi.waitFor(() => expect(told).toBe(4));
    emit('ADDED', secret('60'));
    await vi.waitFor(() => expect(told).toBe(5));
    expect(await revisions()).toEqual([2]);
  });

  it('forgets a record that the watch knew, and the next of that name is another one', async () => {
    emit('ADDED', secret('40'));
    await vi.waitFor(() => expect(told).toBe(1));
    index.wrote(address, { kind: 'Removed', head: head('40') });
    expect(await revisions()).toEqual([]);
    emit('DELETED', secret('50'));
    emit('ADDED', secret('60'));
    await vi.waitFor(() => expect(told).toBe(4));
    expect(await revisions()).toEqual([2]);
  });

  it('believes no list that is older than what the watch has told', async () => {
    emit('ADDED', secret('40'));
    await vi.waitFor(() => expect(told).toBe(1));
    index.doubt(address);
    listed = { resourceVersion: '39', items: [] };
    await expect(revisions()).rejects.toMatchObject({ code: 'Unavailable', message: expect.stringContaining('the API server is behind, at 39, and was at 40 before') });
    listed = { resourceVersion: '41', items: [] };
    expect(await revisions()).toEqual([]);
  });

  it('keeps what we wrote after the moment of a list', async () => {
    index.wrote(address, { kind: 'Wrote', head: head('40') });
    index.doubt(address);
    listed = { resourceVersion: '39', items: [secret('31', 1), secret('35')] };
    expect((await index.heads(address, signal)).map(({ resourceVersion }) => resourceVersion)).toEqual(['31', '40']);
    index.wrote(address, { kind: 'Removed', head: head('40') });
    index.doubt(address);
    expect(await revisions()).toEqual([1]);
  });
});
