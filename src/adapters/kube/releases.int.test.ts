import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { bytesOf, deploymentSpec } from '../../../test/kube/objects.ts';
import { realClock } from '../../../test/kube/real-clock.ts';
import { RecordingLogger } from '../../../test/kube/recording-logger.ts';
import { scratchNamespace } from '../../../test/kube/scratch.ts';
import { type ApiProxy, startApiProxy } from '../../../test/lab/api-proxy.ts';
import type { ChartReleaseStatus } from '../../api/chart-release.ts';
import type { ReleaseIdentity } from '../../ports/releases.ts';
import { KubeCluster } from './cluster.ts';
import { connectWithKubeconfig } from './connect.ts';
import type { Connection } from './connection.ts';
import { KubeHealths } from './healths.ts';
import { ManagedWatches } from './managed-watches.ts';
import { fieldsOf } from './kube-object.ts';
import { KubeReleases } from './releases.ts';

const signal = AbortSignal.timeout(60_000);
const lab = inject('lab');
const SOON = { timeout: 15_000, interval: 20 };

let proxy: ApiProxy;
let connection: Connection;
let direct: Connection;
let cluster: KubeCluster;
let namespace: string;
let dir: string;
const logger = new RecordingLogger();

beforeAll(async () => {
  proxy = await startApiProxy({ server: lab.server, ca: await readFile(lab.caFile, 'utf8') });
  dir = await mkdtemp(join(tmpdir(), 'tagalong-kube-'));
  const kubeconfig = (await readFile(lab.kubeconfig, 'utf8')).replaceAll(lab.server, proxy.server);
  await writeFile(join(dir, 'kubeconfig'), kubeconfig);
  connection = await connectWithKubeconfig(join(dir, 'kubeconfig'), undefined, { clock: realClock(), logger });
  direct = await connectWithKubeconfig(lab.kubeconfig, undefined, { clock: realClock(), logger: new RecordingLogger() });
  cluster = new KubeCluster(direct);
  namespace = await scratchNamespace(cluster);
});

afterAll(async () => {
  const before = logger.lines.length;
  await Promise.all([connection.close(), direct.close()]);
  await proxy.close();
  await rm(dir, { recursive: true });
  expect(logger.lines.slice(before)).toEqual([]);
});

const refOf = (name: string) => ({ apiVersion: 'tagalong.dev/v1beta1', kind: 'ChartRelease', namespace, name });
const put = (name: string, spec: Readonly<Record<string, unknown>> = { chart: 'r/a:1' }, metadata: Readonly<Record<string, unknown>> = {}) =>
  cluster.apply(refOf(name), bytesOf(refOf(name), { spec, metadata }), { dryRun: false }, signal);

const statusOf = (revision: number, rest: ChartReleaseStatus = {}): ChartReleaseStatus => ({ revision, ...rest });

describe('KubeReleases', () => {
  const told: string[] = [];
  let releases: KubeReleases;

  beforeAll(async () => {
    releases = new KubeReleases(connection, { namespaces: [namespace], changed: (key, what) => told.push(`${key.split('/')[1]} ${what}`) });
    releases.start();
    await releases.ready(signal);
  });

  const seen = async (name: string): Promise<ReleaseIdentity> =>
    vi.waitFor(() => {
      const release = releases.get(`${namespace}/${name}`)?.release;
      if (release === undefined) throw new Error(`${name} was not seen`);
      return release;
    }, SOON);

  it('names what changed', async () => {
    await put('named');
    const release = await seen('named');
    await releases.saveStatus(release, statusOf(1), signal);
    await vi.waitFor(() => expect(told).toContain('named status'), SOON);
    await put('named', { chart: 'r/a:2' });
    await vi.waitFor(() => expect(told.filter((what) => what === 'named spec')).toHaveLength(2), SOON);
    await put('named', { chart: 'r/a:2' }, { annotations: { 'tagalong.dev/reconcile-at': 'now' } });
    await vi.waitFor(() => expect(told.filter((what) => what === 'named spec')).toHaveLength(3), SOON);
    await put('named', { chart: 'r/a:2' }, { annotations: { 'tagalong.dev/reconcile-at': 'now' }, labels: { a: 'b' } });
    await vi.waitFor(() => expect(told.at(-1)).toBe('named meta'), SOON);
    await cluster.remove(refOf('named'), release.metadata.uid, signal);
    await vi.waitFor(() => expect(told.at(-1)).toBe('named deleted'), SOON);
    expect(releases.get(`${namespace}/named`)).toBeUndefined();
  });

  it('has its own write at once, and takes away what is left out of a status', async () => {
    await put('mine');
    const release = await seen('mine');
    await releases.saveStatus(release, statusOf(1, { failures: 3, nextRetry: '2026-01-02T03:04:05Z' }), signal);
    expect(releases.get(`${namespace}/mine`)?.release.status).toEqual({ revision: 1, failures: 3, nextRetry: '2026-01-02T03:04:05Z' });
    await expect(releases.saveStatus(release, statusOf(2), signal)).rejects.toMatchObject({ code: 'Conflict' });
    await releases.saveStatus(await seen('mine'), statusOf(2), signal);
    expect(releases.get(`${namespace}/mine`)?.release.status).toEqual({ revision: 2 });
    await vi.waitFor(() => expect(told.filter((what) => what === 'mine status').length).toBeGreaterThanOrEqual(2), SOON);
    expect(releases.get(`${namespace}/mine`)?.release.status).toEqual({ revision: 2 });
  });

  it('adds and removes our finalizer, also with an identity that is older than our own writes', async () => {
    await put('final');
    const release = await seen('final');
    await releases.addFinalizer(release, signal);
    await releases.saveStatus(release, statusOf(1), signal);
    expect(releases.get(`${namespace}/final`)?.release.metadata.finalizers).toEqual(['finalizers.tagalong.dev/release']);
    await cluster.remove(refOf('final'), release.metadata.uid, signal);
    await vi.waitFor(() => expect(releases.get(`${namespace}/final`)?.release.metadata.deletionTimestamp).toBeDefined(), SOON);
    await releases.removeFinalizer(release, signal);
    await vi.waitFor(() => expect(releases.get(`${namespace}/final`)).toBeUndefined(), SOON);
    await releases.removeFinalizer(release, signal);
    await releases.saveStatus(release, statusOf(2), signal);
  });

  it('does not write to another object of the same name', async () => {
    await put('reborn');
    const release = await seen('reborn');
    await cluster.remove(refOf('reborn'), release.metadata.uid, signal);
    await put('reborn');
    await releases.saveStatus(release, statusOf(7), signal);
    await expect(releases.addFinalizer(release, signal)).rejects.toMatchObject({ code: 'Conflict' });
    await vi.waitFor(() => expect(releases.get(`${namespace}/reborn`)?.release.metadata.uid).not.toBe(release.metadata.uid), SOON);
    expect(releases.get(`${namespace}/reborn`)?.release.status).toEqual({});
  });

  it('does not write a status over a newer state', async () => {
    await put('late');
    const release = await seen('late');
    await put('late', { chart: 'r/a:2' });
    const blind = new KubeReleases(connection, { namespaces: [namespace], changed: () => undefined });
    await expect(blind.saveStatus(release, statusOf(1), signal)).rejects.toMatchObject({ code: 'Conflict' });
  });

  it('keeps every digit of values', async () => {
    const ref = refOf('digits');
    const json = `{"apiVersion":"${ref.apiVersion}","kind":"${ref.kind}","metadata":{"name":"digits","namespace":"${namespace}"},"spec":{"chart":"r/a:1","values":{"id":9223372036854775807}}}`;
    await cluster.apply(ref, Buffer.from(json), { dryRun: false }, signal);
    await seen('digits');
    const release = releases.get(`${namespace}/digits`);
    expect(release?.kind === 'Readable' && JSON.stringify(release.release.spec.values)).toBe('{"id":9223372036854775807}');
  });

  it('misses nothing that happens while the connection is cut', async () => {
    await put('stays');
    await put('goes');
    await seen('stays');
    const { metadata } = await seen('goes');
    proxy.cut();
    await put('stays', { chart: 'r/a:9' });
    await put('comes');
    await cluster.remove(refOf('goes'), metadata.uid, signal);
    proxy.mend();
    await vi.waitFor(() => expect(releases.get(`${namespace}/goes`)).toBeUndefined(), SOON);
    await seen('comes');
    const stays = releases.get(`${namespace}/stays`);
    expect(stays?.kind === 'Readable' && stays.release.spec.chart).toBe('r/a:9');
    expect(told).toEqual(expect.arrayContaining(['goes deleted', 'comes spec']));
    expect(releases.keys()).not.toContain(`${namespace}/goes`);
  });
});

describe('KubeHealths', () => {
  it('follows the kinds it is asked for and wakes the release when health changes', async () => {
    const key = `${namespace}/web`;
    let wakes = 0; // other tests share the server, and the watch sees all namespaces
    const healthOf = (object: unknown) => {
      const ready = fieldsOf(fieldsOf(object)['status'])['readyReplicas'];
      return ready === 1 ? ({ status: 'Current', message: 'ready' } as const) : ({ status: 'InProgress', message: 'not ready' } as const);
    };
    const healths = new KubeHealths(new ManagedWatches(connection, { healthOf, isExcused: () => false }), (woken) => (wakes += woken === key ? 1 : 0));
    const ref = { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name: 'web' };
    await healths.follow([{ ref, resourceVersion: '0' }], signal);
    expect(healths.of(ref)).toBeUndefined();
    const labels = { 'tagalong.dev/name': 'web', 'tagalong.dev/namespace': namespace };
    const { uid } = await cluster.apply(ref, bytesOf(ref, { metadata: { labels }, ...deploymentSpec() }), { dryRun: false }, signal);
    await vi.waitFor(() => expect(healths.of(ref)).toMatchObject({ uid, health: { status: 'Current', message: 'ready' } }), SOON);
    const before = wakes;
    expect(before).toBeGreaterThan(1);
    await cluster.remove(ref, uid, signal);
    await vi.waitFor(() => expect(healths.of(ref)).toBeUndefined(), SOON);
    expect(wakes).toBe(before + 1);
  });

  it('says that a kind is not served', async () => {
    const healths = new KubeHealths(new ManagedWatches(connection, { healthOf: () => ({ status: 'Current', message: '' }), isExcused: () => false }), () => undefined);
    await expect(healths.follow([{ ref: { apiVersion: 'example.com/v1', kind: 'Thing', namespace, name: 'a' }, resourceVersion: '0' }], signal)).rejects.toMatchObject({
      code: 'UnknownKind',
    });
  });
});
