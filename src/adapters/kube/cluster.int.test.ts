import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { bytesOf, configMap, deploymentSpec } from '../../../test/kube/objects.ts';
import { realClock } from '../../../test/kube/real-clock.ts';
import { RecordingLogger } from '../../../test/kube/recording-logger.ts';
import { scratchNamespace } from '../../../test/kube/scratch.ts';
import type { Lab } from '../../../test/lab/lab.ts';
import { helm } from '../../../test/lab/run.ts';
import { KubeCluster } from './cluster.ts';
import { connectInPod, connectWithKubeconfig } from './connect.ts';
import type { Connection } from './connection.ts';
import { KubeEvents } from './events.ts';
import { KubeSecrets } from './secrets.ts';

const signal = AbortSignal.timeout(60_000);
const lab: Lab = { ...inject('lab'), stop: async () => undefined };
const logger = new RecordingLogger();
const tools = { clock: realClock(), logger };
const WET = { dryRun: false };

let connection: Connection;
let cluster: KubeCluster;
let namespace: string;

beforeAll(async () => {
  connection = await connectWithKubeconfig(lab.kubeconfig, undefined, tools);
  cluster = new KubeCluster(connection);
  namespace = await scratchNamespace(cluster);
});

afterAll(() => connection.close());

describe('KubeCluster', () => {
  it('applies, looks and removes', async () => {
    const ref = configMap(namespace, 'a');
    expect(await cluster.look(ref, signal)).toBeUndefined();
    const { isCreated, ...applied } = await cluster.apply(ref, bytesOf(ref, { metadata: { labels: { x: 'y' } }, data: { k: 'v' } }), WET, signal);
    expect(isCreated).toBe(true);
    expect(applied).toMatchObject({ uid: expect.stringMatching(/-/), labels: { x: 'y' }, isTerminating: false });
    expect(await cluster.look(ref, signal)).toEqual(applied);
    expect(await cluster.remove(ref, 'another-uid', signal)).toBe(false);
    expect(await cluster.look(ref, signal)).toEqual(applied);
    expect((await cluster.apply(ref, bytesOf(ref, { data: { k: 'w' } }), WET, signal)).isCreated).toBe(false);
    expect(await cluster.remove(ref, applied.uid, signal)).toBe(true);
    expect(await cluster.remove(ref, applied.uid, signal)).toBe(false);
  });

  it('says that an object is terminating', async () => {
    const ref = configMap(namespace, 'held');
    const { uid } = await cluster.apply(ref, bytesOf(ref, { metadata: { finalizers: ['example.com/hold'] } }), WET, signal);
    expect(await cluster.remove(ref, uid, signal)).toBe(true);
    expect(await cluster.look(ref, signal)).toMatchObject({ uid, isTerminating: true });
    await cluster.apply(ref, bytesOf(ref, { metadata: { finalizers: [] } }), WET, signal);
    expect(await cluster.look(ref, signal)).toBeUndefined();
  });

  it('writes nothing in a dry run, and still hears what the API server says', async () => {
    const ref = configMap(namespace, 'dry');
    await cluster.apply(ref, bytesOf(ref, { data: { k: 'v' } }), { dryRun: true }, signal);
    expect(await cluster.look(ref, signal)).toBeUndefined();
    await expect(cluster.apply(ref, bytesOf(ref, { data: { 'a b': 'v' } }), { dryRun: true }, signal)).rejects.toMatchObject({
      code: 'Rejected',
      message: expect.stringMatching(new RegExp(`^cannot apply ConfigMap ${namespace}/dry: the API server refuses it: data\\[a b\\]: Invalid value`)),
    });
  });

  const deployment = () => ({ apiVersion: 'apps/v1', kind: 'Deployment', namespace, name: 'web' });

  it.each([
    ['an unknown field', { tpyo: 1 }, 'field not declared in schema'],
    ['a field of the wrong type', { image: 7 }, 'expected string, got another type'],
    [
      'a name twice in the environment',
      {
        env: [
          { name: 'A', value: '1' },
          { name: 'A', value: '2' },
        ],
      },
      'duplicate entries',
    ],
    ['a value that is not allowed', { imagePullPolicy: 'Sometimes' }, 'Unsupported value: "Sometimes"'],
  ])('calls an object with %s rejected, and says why', async (_, container, why) => {
    const applied = cluster.apply(deployment(), bytesOf(deployment(), deploymentSpec(container)), WET, signal);
    await expect(applied).rejects.toMatchObject({ code: 'Rejected', message: expect.stringContaining(why) });
    await expect(applied).rejects.toThrow(new RegExp(`^cannot apply Deployment ${namespace}/web: the API server refuses it: [^\\n]*$`));
  });

  it('calls a changed immutable field rejected', async () => {
    const ref = { apiVersion: 'batch/v1', kind: 'Job', namespace, name: 'once' };
    const job = (image: string) => bytesOf(ref, { spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image }] } } } });
    await cluster.apply(ref, job('one'), WET, signal);
    await expect(cluster.apply(ref, job('two'), WET, signal)).rejects.toMatchObject({ code: 'Rejected', message: expect.stringContaining('field is immutable') });
  });

  it('creates what does not exist, and only that', async () => {
    const ref = configMap(namespace, 'made');
    await cluster.create(ref, bytesOf(ref, {}), { dryRun: false }, signal);
    await expect(cluster.create(ref, bytesOf(ref, {}), { dryRun: false }, signal)).rejects.toMatchObject({ code: 'Conflict' });
    await expect(cluster.create(configMap(namespace, 'odd'), bytesOf(configMap(namespace, 'odd'), { datta: {} }), { dryRun: false }, signal)).rejects.toMatchObject({
      code: 'Rejected',
    });
  });

  it('reads a whole object, and replaces that one alone that was read', async () => {
    const ref = configMap(namespace, 'whole');
    expect(await cluster.read(ref, signal)).toBeUndefined();
    await cluster.apply(ref, bytesOf(ref, { data: { k: 'v', l: 'v' } }), WET, signal);
    const read = await cluster.read(ref, signal);
    expect(read).toMatchObject({ kind: 'ConfigMap', data: { k: 'v', l: 'v' } });
    const next = new TextEncoder().encode(JSON.stringify({ ...read, data: { k: 'w' } }));
    const { resourceVersion } = await cluster.replace(ref, next, signal);
    expect(await cluster.read(ref, signal)).toMatchObject({ metadata: { resourceVersion }, data: { k: 'w' } });
    expect((await cluster.read(ref, signal))?.['data']).toEqual({ k: 'w' });
    await expect(cluster.replace(ref, next, signal)).rejects.toMatchObject({ code: 'Conflict' });
  });

  it('tells a namespace that is missing or ends from an object that is missing', async () => {
    const absent = configMap('kube-absent', 'a');
    await expect(cluster.apply(absent, bytesOf(absent, {}), WET, signal)).rejects.toMatchObject({ code: 'NamespaceNotFound' });
    await expect(cluster.create(absent, bytesOf(absent, {}), { dryRun: false }, signal)).rejects.toMatchObject({ code: 'NamespaceNotFound' });
    expect(await cluster.look(absent, signal)).toBeUndefined();
    expect(await cluster.remove(absent, 'x', signal)).toBe(false);

    const doomed = await scratchNamespace(cluster);
    const held = configMap(doomed, 'held');
    await cluster.apply(held, bytesOf(held, { metadata: { finalizers: ['example.com/hold'] } }), WET, signal);
    const itself = { apiVersion: 'v1', kind: 'Namespace', namespace: '', name: doomed };
    const { uid } = (await cluster.look(itself, signal)) ?? { uid: '' };
    expect(await cluster.remove(itself, uid, signal)).toBe(true);
    const late = configMap(doomed, 'late');
    await expect(cluster.apply(late, bytesOf(late, {}), WET, signal)).rejects.toMatchObject({ code: 'NamespaceNotFound', message: expect.stringContaining('being deleted') });
    await cluster.apply(held, bytesOf(held, { metadata: { finalizers: [] } }), WET, signal);
  });

  it('learns of a kind that is served only now, and of one that is served no more', async () => {
    const group = `g${Math.random().toString(36).slice(2, 8)}.example.com`;
    const crd = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', namespace: '', name: `things.${group}` };
    const thing = { apiVersion: `${group}/v1`, kind: 'Thing', namespace, name: 'a' };
    await expect(cluster.look(thing, signal)).rejects.toMatchObject({ code: 'UnknownKind' });
    const version = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } };
    const names = { kind: 'Thing', plural: 'things', singular: 'thing', listKind: 'ThingList' };
    const { uid } = await cluster.apply(crd, bytesOf(crd, { spec: { group, scope: 'Namespaced', names, versions: [version] } }), WET, signal);
    await vi.waitFor(async () => expect(await cluster.scopeOf(thing.apiVersion, 'Thing', signal)).toBe('Namespaced'), { timeout: 20_000, interval: 300 });
    await vi.waitFor(() => cluster.apply(thing, bytesOf(thing, {}), WET, signal), { timeout: 20_000, interval: 300 });
    await cluster.remove(crd, uid, signal);
    await vi.waitFor(() => expect(cluster.look(thing, signal)).rejects.toMatchObject({ code: 'UnknownKind' }), { timeout: 20_000, interval: 300 });
  });

  it('has the capabilities that helm has', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'tagalong-kube-'));
    try {
      await writeFile(join(dir, 'Chart.yaml'), 'apiVersion: v2\nname: caps\nversion: 1.0.0\n');
      const template =
        '{{ range .Capabilities.APIVersions }}# {{ . }}\n{{ end }}# kube {{ .Capabilities.KubeVersion.Version }}\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: caps}\n';
      await mkdir(join(dir, 'templates'));
      await writeFile(join(dir, 'templates', 'a.yaml'), template);
      const { stdout } = await helm(lab, ['template', 'caps', dir, '--dry-run=server']);
      const lines = stdout
        .split('\n')
        .filter((line) => line.startsWith('# '))
        .map((line) => line.slice(2));
      const { kubeVersion, apiVersions } = await cluster.capabilities(signal);
      expect(lines).toContain(`kube ${kubeVersion}`);
      const helms = lines.filter((line) => !line.startsWith('kube ') && !line.startsWith('Source:'));
      expect([...apiVersions].filter(isLasting).toSorted()).toEqual(helms.filter(isLasting).toSorted());
      expect(apiVersions).toEqual(expect.arrayContaining(['v1', 'v1/Pod', 'apps/v1', 'apps/v1/Deployment']));
    } finally {
      await rm(dir, { recursive: true });
    }
  });
});

/** Other tests make kinds that come and go. */
const isLasting = (apiVersion: string) => !apiVersion.includes('example.com') && !apiVersion.includes('.test/');

describe('connections', () => {
  it('takes the token and the CA from files, as in a Pod', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'tagalong-kube-'));
    await writeFile(join(dir, 'token'), lab.token);
    const { hostname, port } = new URL(lab.server);
    const pod = connectInPod({ host: hostname, port, namespace: 'default', tokenFile: join(dir, 'token'), caFile: lab.caFile }, tools);
    expect((await new KubeCluster(pod).capabilities(signal)).kubeVersion).toMatch(/^v1\./);
    await pod.close();
    await rm(dir, { recursive: true });
  });

  it('says that the API server is not there', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'tagalong-kube-'));
    await writeFile(join(dir, 'token'), 'x');
    const pod = connectInPod({ host: '127.0.0.1', port: '1', namespace: 'default', tokenFile: join(dir, 'token'), caFile: lab.caFile }, { ...tools, clock: realClock(50) });
    await expect(new KubeCluster(pod).capabilities(signal)).rejects.toMatchObject({ code: 'Unavailable', message: expect.stringMatching(/does not answer: connect ECONNREFUSED/) });
    await pod.close();
    await rm(dir, { recursive: true });
  });

  it.each([
    [undefined, 'default'],
    ['nowhere', 'it has no context nowhere'],
  ])('reads the namespace of context %s, or says what is wrong', async (context, expected) => {
    const connected = connectWithKubeconfig(lab.kubeconfig, context, tools).then(
      async (made) => made.close().then(() => made.namespace),
      (error: Error) => error.message,
    );
    expect(await connected).toContain(expected);
  });
});

describe('KubeSecrets', () => {
  it('decodes a Secret, and has none where there is none', async () => {
    const ref = { apiVersion: 'v1', kind: 'Secret', namespace, name: 'creds' };
    await cluster.apply(ref, bytesOf(ref, { stringData: { user: 'ßeppo', empty: '' } }), WET, signal);
    const secrets = new KubeSecrets(connection);
    expect(await secrets.read(namespace, 'creds', signal)).toEqual({ user: 'ßeppo', empty: '' });
    expect(await secrets.read(namespace, 'absent', signal)).toBeUndefined();
  });
});

describe('KubeEvents', () => {
  it('writes events that the API server takes, and forgets those that it does not', async () => {
    const events = new KubeEvents(connection, 'pod-1');
    const release = (name: string) =>
      ({
        apiVersion: 'tagalong.dev/v1beta1',
        kind: 'ChartRelease',
        metadata: { name, namespace, uid: 'u', resourceVersion: '1', generation: 1 },
        status: {},
      }) as const;
    const announcement = { type: 'Warning', reason: 'UpgradeFailed', action: 'Upgrade', message: 'ß'.repeat(2000), annotations: { 'tagalong.dev/digest': 'sha256:a' } } as const;
    events.announce(release('web'), announcement);
    events.announce(release('NOT A NAME'), announcement);
    events.announce(release('web'), { ...announcement, reason: 'Second' });
    await events.drain(signal);
    const reply = await connection.api.ask('list Events', { method: 'GET', path: `/apis/events.k8s.io/v1/namespaces/${namespace}/events` }, signal);
    const { items } = JSON.parse(reply.body.toString()) as { items: { reason: string; note: string; reportingController: string }[] };
    expect(
      items
        .filter(({ reportingController }) => reportingController === 'tagalong.dev/operator')
        .map(({ reason }) => reason)
        .toSorted(),
    ).toEqual(['Second', 'UpgradeFailed']);
    expect(logger.lines.filter(({ message }) => message === 'an event could not be written')).toHaveLength(1);
  });
});
