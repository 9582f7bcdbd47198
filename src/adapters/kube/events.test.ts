import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/fakes/clock.ts';
import { RecordingLogger } from '../../../test/kube/recording-logger.ts';
import { json, startScripted } from '../../../test/kube/scripted-server.ts';
import { Api } from './api.ts';
import { Discovery } from './discovery.ts';
import { KubeEvents } from './events.ts';
import { Transport } from './transport.ts';

const release = {
  apiVersion: 'tagalong.dev/v1beta1',
  kind: 'ChartRelease',
  metadata: { name: 'web', namespace: 'apps', uid: 'u', resourceVersion: '5', generation: 1 },
  status: {},
} as const;
const announcement = { type: 'Normal', reason: 'Ready', action: 'Upgrade', message: 'm', annotations: {} } as const;

describe('KubeEvents', () => {
  it('drops what comes when a thousand wait, gives up waiting when told to, and writes all that it took', async () => {
    const server = await startScripted(() => undefined);
    const [clock, logger] = [new FakeClock(), new RecordingLogger()];
    const transport = new Transport({ server: server.url, credentials: { tls: {}, headers: async () => ({}), renew: async () => undefined }, clock });
    const api = new Api(transport);
    const events = new KubeEvents({ api, discovery: new Discovery(api, clock), clock, logger, namespace: 'apps', close: () => transport.close() }, 'pod-1');
    for (let index = 0; index < 1005; index += 1) events.announce(release, announcement);
    expect(logger.lines).toHaveLength(4);
    await events.drain(AbortSignal.timeout(50));
    server.script = (_, response) => json(response, 201, {});
    await clock.advance(60_000);
    await events.drain(new AbortController().signal);
    expect(new Set(server.seen.map(({ body }) => (JSON.parse(body) as { metadata: { name: string } }).metadata.name)).size).toBe(1001);
    await transport.close();
    await server.close();
  });
});
