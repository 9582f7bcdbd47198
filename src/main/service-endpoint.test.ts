import { expect, it } from 'vitest';
import { FakeClock } from '../../test/fakes/clock.ts';
import { RecordingLogger } from '../../test/kube/recording-logger.ts';
import type { ObjectRef } from '../core/object-ref.ts';
import { type Cluster, ClusterError } from '../ports/cluster.ts';
import { leadHere } from './service-endpoint.ts';

const ENDPOINT = { namespace: 'tagalong-system', service: 'tagalong-receivers', ip: '10.1.2.3', port: 8082 };

const scene = (fails: (nth: number) => boolean, ip = ENDPOINT.ip) => {
  const clock = new FakeClock();
  const logger = new RecordingLogger();
  const stop = new AbortController();
  const applied: [ObjectRef, unknown][] = [];
  const cluster: Pick<Cluster, 'apply'> = {
    apply: async (ref, json) => {
      applied.push([ref, JSON.parse(Buffer.from(json).toString())]);
      if (fails(applied.length)) throw new ClusterError('Forbidden', 'cannot apply it: forbidden');
      return { uid: 'u', resourceVersion: '1', labels: {}, annotations: {}, madeAt: 0, isTerminating: false, controller: undefined, ownFields: '', managed: [], isCreated: true };
    },
  };
  return { clock, logger, stop, applied, done: leadHere(cluster, { ...ENDPOINT, ip }, { clock, logger }, stop.signal) };
};

it.each([
  ['10.1.2.3', 'IPv4', 'tagalong-receivers-ipv4'],
  ['fd00::7', 'IPv6', 'tagalong-receivers-ipv6'],
])('has the Service lead to %s alone', async (ip, addressType, name) => {
  const { applied, done, clock } = scene(() => false, ip);
  await done;
  expect(applied).toMatchObject([
    [
      { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', namespace: 'tagalong-system', name },
      {
        metadata: { labels: { 'kubernetes.io/service-name': 'tagalong-receivers' } },
        addressType,
        endpoints: [{ addresses: [ip], conditions: { ready: true } }],
        ports: [{ name: 'http', port: 8082, protocol: 'TCP' }],
      },
    ],
  ]);
  expect(clock.pending).toBe(0);
});

it('tries until it is done, and says once that it is not', async () => {
  const { applied, done, clock, logger } = scene((nth) => nth < 4);
  await clock.advance(120_000);
  await done;
  expect(applied).toHaveLength(4);
  expect(logger.lines.map(({ level }) => level)).toEqual(['warn', 'info']);
});

it('ends with the process', async () => {
  const { applied, done, clock, stop } = scene(() => true);
  await clock.advance(1);
  stop.abort(new Error('stopping'));
  await done;
  expect(applied).toHaveLength(1);
});
