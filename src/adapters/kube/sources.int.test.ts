import { afterAll, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import { bytesOf, configMap } from '../../../test/kube/objects.ts';
import { realClock } from '../../../test/kube/real-clock.ts';
import { RecordingLogger } from '../../../test/kube/recording-logger.ts';
import { scratchNamespace } from '../../../test/kube/scratch.ts';
import { KubeCluster } from './cluster.ts';
import { connectWithKubeconfig } from './connect.ts';
import type { Connection } from './connection.ts';
import { KubeSources } from './sources.ts';

const signal = AbortSignal.timeout(60_000);
const WET = { dryRun: false };

let connection: Connection;
let cluster: KubeCluster;
let namespace: string;
let sources: KubeSources;
let woken: string[];

beforeAll(async () => {
  connection = await connectWithKubeconfig(inject('lab').kubeconfig, undefined, { clock: realClock(), logger: new RecordingLogger() });
  cluster = new KubeCluster(connection);
  namespace = await scratchNamespace(cluster);
});
afterAll(() => connection.close());

beforeEach(() => {
  woken = [];
  sources = new KubeSources(connection, (follower) => woken.push(follower));
});

const source = (kind: 'ConfigMap' | 'Secret', name: string) => ({ kind, namespace, name });
const secret = (name: string) => ({ ...configMap(namespace, name), kind: 'Secret' });
const put = (name: string, text: string) => cluster.apply(configMap(namespace, name), bytesOf(configMap(namespace, name), { data: { k: text } }), WET, signal);
const textsOf = async (follower: string, ...refs: readonly ReturnType<typeof source>[]) =>
  (await sources.read(follower, 'Values', refs, signal)).map((source) => source && Object.entries(source.keys).map(([key, bytes]) => `${key}=${Buffer.from(bytes).toString()}`));
/** Who is woken by this, and nobody else. What is seen while it is read wakes once too often, so the number does not count. */
const wakes = async (act: () => Promise<unknown>, ...followers: readonly string[]) => {
  woken.length = 0;
  await act();
  await expect.poll(() => [...new Set(woken)].toSorted(), { timeout: 20_000 }).toEqual(followers);
};

it('reads objects, and wakes those who have read them when they change', async () => {
  await put('shared', 'one');
  expect(await textsOf('n/one', source('ConfigMap', 'shared'), source('ConfigMap', 'later'), source('ConfigMap', 'shared'))).toEqual([['k=one'], undefined, ['k=one']]);
  expect(await textsOf('n/two', source('ConfigMap', 'shared'))).toEqual([['k=one']]);
  await wakes(() => put('shared', 'two'), 'n/one', 'n/two');
  expect(await textsOf('n/one', source('ConfigMap', 'later'))).toEqual([undefined]);
  await wakes(() => put('shared', 'three'), 'n/two');
  await wakes(() => put('later', 'here'), 'n/one');
  sources.forget('n/two');
  await wakes(() => put('shared', 'four').then(() => put('later', 'changed')), 'n/one');
});

it('reads Secrets as bytes, and tells when one is gone', async () => {
  const ref = secret('login');
  const { uid } = await cluster.apply(ref, bytesOf(ref, { data: { password: '/w==' } }), WET, signal);
  const [login] = await sources.read('n/one', 'Values', [source('Secret', 'login')], signal);
  expect(login?.keys['password']).toEqual(Buffer.from([0xff]));
  await wakes(() => cluster.remove(ref, uid, signal), 'n/one');
  expect(await textsOf('n/one', source('Secret', 'login'))).toEqual([undefined]);
});
