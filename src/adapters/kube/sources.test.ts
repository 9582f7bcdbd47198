import type { ServerResponse } from 'node:http';
import { expect, it, onTestFinished, vi } from 'vitest';
import { realClock } from '../../../test/kube/real-clock.ts';
import { RecordingLogger } from '../../../test/kube/recording-logger.ts';
import { json, startScripted } from '../../../test/kube/scripted-server.ts';
import { Api } from './api.ts';
import { Discovery } from './discovery.ts';
import { KubeSources } from './sources.ts';
import { Transport } from './transport.ts';

const signal = new AbortController().signal;

it('tells what went after it was read, where the list that the watch begins with comes late', async () => {
  let list: ServerResponse | undefined;
  const server = await startScripted(({ url }, response) => {
    if (url.includes('watch=true')) response.writeHead(200).flushHeaders();
    else if (url.includes('limit=')) list = response;
    else json(response, 200, { metadata: { name: 'given', namespace: 'apps', uid: 'u', resourceVersion: '7' }, data: { a: '1' } });
  });
  const clock = realClock();
  const transport = new Transport({ server: server.url, credentials: { tls: {}, headers: async () => ({}), renew: async () => undefined }, clock });
  onTestFinished(async () => {
    await transport.close();
    await server.close();
  });
  const api = new Api(transport);
  const woken: string[] = [];
  const connection = { api, discovery: new Discovery(api, clock), clock, logger: new RecordingLogger(), namespace: 'apps', close: () => transport.close() };
  const sources = new KubeSources(connection, (follower) => woken.push(follower));
  await sources.read('apps/web', 'Values', [{ kind: 'ConfigMap', namespace: 'apps', name: 'given' }], signal);
  await vi.waitFor(() => expect(list).toBeDefined());
  expect(woken).toEqual([]);
  if (list !== undefined) json(list, 200, { metadata: { resourceVersion: '9' }, items: [] });
  await vi.waitFor(() => expect(woken).toEqual(['apps/web']));
});
