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
  (await sources.read(follower, refs, signal)).map((keys) => keys && Object.entries(keys).map(([key, bytes]) => `${key}=${Buffer.from(bytes).toString()}`));
const wakes = (...followers: readonly string[]) => expect.poll(() => woken.toSorted(), { timeout: 20_000 }).toEqual(followers);

it('reads objects, and wakes those who have read them when they change, each once', async () => {
  await put('shared', 'one');
  expect(await textsOf('n/one', source('ConfigMap', 'shared'), source('ConfigMap', 'later'), source('ConfigMap', 'shared'))).toEqual([['k=one'], undefined, ['k=one']]);
  expect(await textsOf('n/two', source('ConfigMap', 'shared'))).toEqual([['k=one']]);
  await put('other', 'of nobody');
  await put('shared', 'two');
  await wakes('n/one', 'n/two');
  expect(await textsOf('n/one', source('ConfigMap', 'later'))).toEqual([undefined]);
  await put('shared', 'three');
  await wakes('n/one', 'n/two', 'n/two');
  await put('later', 'here');
  await wakes('n/one', 'n/one', 'n/two', 'n/two');
  sources.forget('n/two');
  await put('shared', 'four');
  await put('later', 'changed');
  await wakes('n/one', 'n/one', 'n/one', 'n/two', 'n/two');
});

it('reads Secrets as bytes, and tells when one is gone', async () => {
  const ref = secret('login');
  const { uid } = await cluster.apply(ref, bytesOf(ref, { data: { password: '/w==' } }), WET, signal);
  const [keys] = await sources.read('n/one', [source('Secret', 'login')], signal);
  expect(keys?.['password']).toEqual(Buffer.from([0xff]));
  await cluster.remove(ref, uid, signal);
  await wakes('n/one');
  expect(await textsOf('n/one', source('Secret', 'login'))).toEqual([undefined]);
});
