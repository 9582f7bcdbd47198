import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { realClock } from '../../../test/kube/real-clock.ts';
import { RecordingLogger } from '../../../test/kube/recording-logger.ts';
import { scratchNamespace } from '../../../test/kube/scratch.ts';
import type { Lab } from '../../../test/lab/lab.ts';
import { helm } from '../../../test/lab/run.ts';
import type { NewRecord, RecordHead, ReleaseAddress } from '../../ports/records.ts';
import { KubeCluster } from './cluster.ts';
import { connectWithKubeconfig } from './connect.ts';
import type { Connection } from './connection.ts';
import { KubeRecords } from './records.ts';

const signal = AbortSignal.timeout(60_000);
const SOON = { timeout: 10_000 };
const lab: Lab = { ...inject('lab'), stop: async () => undefined };

let connection: Connection;
let records: KubeRecords;
let address: ReleaseAddress;

beforeAll(async () => {
  connection = await connectWithKubeconfig(lab.kubeconfig, undefined, { clock: realClock(), logger: new RecordingLogger() });
  records = startRecords();
  address = { namespace: await scratchNamespace(new KubeCluster(connection)), releaseName: 'web' };
});

afterAll(() => connection.close());

const startRecords = (): KubeRecords => {
  const started = new KubeRecords(connection, { changed: () => undefined, term: () => undefined });
  started.start();
  return started;
};

const notes = {
  uid: 'u',
  chartRelease: 'apps/web',
  generation: 1,
  reference: 'r/a:1',
  chartDigest: 'sha256:a',
  valuesDigest: 'sha256:b',
  chartName: 'web',
  chartVersion: '1.2.3',
  appVersion: '4',
  action: 'install',
  trigger: 'Created',
  attempt: 1,
  request: '',
  returns: undefined,
} as const;

const record = (revision: number, manifest = '---\n# Source: web/templates/a.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n'): NewRecord => ({
  revision,
  status: 'pending-install',
  notes,
  content: {
    chart: '{"metadata":{"name":"web","version":"1.2.3","appVersion":"4","apiVersion":"v2"},"lock":null,"templates":[],"values":{"n":1},"schema":null,"files":null}',
    config: '{"id":9223372036854775807}',
    hooks: '[]',
    manifest,
    helmNotes: 'Hello from the notes',
    description: 'Install of sha256:a',
    firstDeployed: '2026-01-02T03:04:05Z',
    lastDeployed: '2026-01-02T03:04:05Z',
  },
});

const addressOf = (releaseName: string): ReleaseAddress => ({ ...address, releaseName });
const deployed = { status: 'deployed', description: 'Install complete' } as const;

describe('KubeRecords', () => {
  it('creates records that must not exist, lists them in order and marks them', async () => {
    const first = await records.create(address, record(1), signal);
    expect(first).toMatchObject({ secret: 'sh.helm.release.v1.web.v1', revision: 1, status: 'pending-install', notes });
    await expect(records.create(address, record(1), signal)).rejects.toMatchObject({ code: 'Conflict' });
    await records.create(address, record(10), signal);
    await records.create(address, record(2), signal);
    await records.create(addressOf('web2'), record(1), signal);
    expect((await records.list(address, signal)).map(({ revision }) => revision)).toEqual([1, 2, 10]);

    const marked = await records.mark(address, first, deployed, signal);
    expect((await records.list(address, signal))[0]).toEqual({ ...marked, modifiedAt: expect.any(Number) });
    expect(marked).toMatchObject({ status: 'deployed', notes, createdAt: first.createdAt });
    await expect(records.mark(address, first, deployed, signal)).rejects.toMatchObject({ code: 'Conflict' });
  });

  it('reads back what it wrote, and marks what another instance wrote', async () => {
    const at = addressOf('again');
    const head = await records.create(at, record(1), signal);
    const restarted = startRecords();
    await restarted.mark(at, head, deployed, signal);
    const [now] = await restarted.list(at, signal);
    expect(await restarted.read(at, now as RecordHead, signal)).toEqual({ ...record(1).content, description: 'Install complete', applyMethod: 'csa' });
    await expect(startRecords().mark(at, head, deployed, signal)).rejects.toMatchObject({ code: 'Conflict' });
  });

  it('removes a record, and does not mind when it is gone', async () => {
    const at = addressOf('gone');
    const head = await records.create(at, record(1), signal);
    await records.remove(at, head, signal);
    await records.remove(at, head, signal);
    expect(await records.list(at, signal)).toEqual([]);
  });

  it('refuses a record that is too large before it sends it', async () => {
    const noise = Array.from({ length: 160_000 }, () => Math.random().toString(36)).join('\n');
    await expect(records.create(addressOf('large'), record(1, noise), signal)).rejects.toMatchObject({
      name: 'RecordTooLargeError',
      message: expect.stringMatching(
        /^the release record of revision 1 of .*\/large is too large: it would have \d+ bytes, compressed, and may have \d+, since a Secret holds 1 MiB; nothing was applied/,
      ),
    });
  });

  it('writes records that stock helm reads, marked from memory or read anew', async () => {
    const at = addressOf('stock');
    const first = await records.mark(at, await records.create(at, record(1), signal), deployed, signal);
    await records.mark(at, await records.create(at, record(2), signal), deployed, signal);
    await startRecords().mark(at, first, { status: 'superseded', description: 'Superseded' }, signal);

    const ask = async (...args: string[]) => (await helm(lab, [...args, '--namespace', at.namespace])).stdout;
    expect(JSON.parse(await ask('history', 'stock', '--output=json'))).toMatchObject([
      { revision: 1, status: 'superseded', chart: 'web-1.2.3', app_version: '4', description: 'Superseded' },
      { revision: 2, status: 'deployed', chart: 'web-1.2.3', app_version: '4', description: 'Install complete' },
    ]);
    expect(await ask('get', 'all', 'stock')).toMatch(/USER-SUPPLIED VALUES:\nid: 9223372036854/);
    expect(await ask('get', 'manifest', 'stock')).toContain('# Source: web/templates/a.yaml');
    expect(await ask('get', 'notes', 'stock')).toContain('Hello from the notes');
    expect(JSON.parse(await ask('status', 'stock', '--output=json'))).toMatchObject({ name: 'stock', version: 2, info: { status: 'deployed' }, apply_method: 'csa' });
    expect(JSON.parse(await ask('list', '--output=json'))).toContainEqual(expect.objectContaining({ name: 'stock', revision: '2', status: 'deployed' }));
  });

  it('reads and marks a record that stock helm wrote', async () => {
    const at = addressOf('stock');
    await helm(lab, ['rollback', 'stock', '1', '--namespace', at.namespace]);
    const heads = await records.list(at, signal);
    const newest = heads.at(-1) as RecordHead;
    expect(newest).toMatchObject({ revision: 3, status: 'deployed', notes: undefined });
    const content = await records.read(at, newest, signal);
    expect(content).toMatchObject({ manifest: record(1).content.manifest, description: 'Rollback to 1' });
    await records.mark(at, newest, { status: 'superseded', description: 'by us' }, signal);
    expect(await records.read(at, newest, signal)).toEqual({ ...content, description: 'by us' });
    expect((await helm(lab, ['history', 'stock', '--namespace', at.namespace])).stdout).toContain('by us');
  });
});

describe('the heads of records, which come from a watch', () => {
  it('are never older than our own writes, and follow those of others', async () => {
    const at = addressOf('index');
    const [ours, others] = [startRecords(), startRecords()];
    for (const revision of [1, 2, 3]) {
      const head = await ours.create(at, record(revision), signal);
      expect((await ours.list(at, signal)).at(-1)).toEqual(head);
      const marked = await ours.mark(at, head, deployed, signal);
      expect((await ours.list(at, signal)).at(-1)).toEqual(marked);
    }
    const [first] = await ours.list(at, signal);
    await ours.remove(at, first as RecordHead, signal);
    expect((await ours.list(at, signal)).map(({ revision }) => revision)).toEqual([2, 3]);
    await vi.waitFor(async () => expect((await others.list(at, signal)).map(({ revision }) => revision)).toEqual([2, 3]), SOON);
    expect(await others.list(at, signal)).toEqual(await ours.list(at, signal));
  });

  it('are asked for afresh when the API server contradicts them', async () => {
    const at = addressOf('doubt');
    const ours = startRecords();
    const head = await ours.create(at, record(1), signal);
    await startRecords().mark(at, head, { status: 'failed', description: 'by somebody else' }, signal);
    await expect(ours.mark(at, head, deployed, signal)).rejects.toMatchObject({ code: 'Conflict' });
    expect((await ours.list(at, signal))[0]).toMatchObject({ status: 'failed' });
    await startRecords().remove(at, (await ours.list(at, signal))[0] as RecordHead, signal);
    await expect(ours.mark(at, head, deployed, signal)).rejects.toThrow();
    expect(await ours.list(at, signal)).toEqual([]);
  });
});
