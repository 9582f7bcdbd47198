import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { freePorts } from '../lab/ports.ts';
import { startRecorder } from '../lab/recorder.ts';
import { type CncfRegistry, startCncfRegistry } from '../registry/cncf-registry.ts';
import { type FaultyRegistry, startFaultyRegistry } from '../registry/faulty-registry.ts';
import { pushChart, smallChart } from '../registry/push.ts';
import { conditionIn, openSite, type Site } from './site.ts';

const TEST_MS = 120_000;
const INTERVAL_MS = 10_000;
const SECRET = randomBytes(16).toString('hex');

let folder: string;
let registry: CncfRegistry;
/** The same registry by another name, which nobody tells anything about. */
let silent: FaultyRegistry;
let site: Site;

/** A registry that tells the operator what is pushed, and releases that look for themselves once in ten minutes. */
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tagalong-receivers-'));
  const secretFile = path.join(folder, 'secret');
  await writeFile(secretFile, `${SECRET}\n`);
  const { registry: port } = await freePorts();
  registry = await startCncfRegistry(inject('lab').tools['registry'] ?? '', { notify: { url: `http://127.0.0.1:${port}/hook/lab`, token: SECRET } });
  silent = await startFaultyRegistry(registry.host);
  site = await openSite('following', {
    plainHttpHosts: [registry.host, silent.host],
    settings: { receivers: [{ name: 'lab', type: 'distribution', secretFile }] },
    args: ['--webhook-addr', `127.0.0.1:${port}`],
  });
}, TEST_MS);
afterAll(async () => {
  await site?.close();
  await silent?.close();
  await registry?.close();
  await rm(folder, { recursive: true, force: true });
});

const push = (repository: string, tag: string, version: string): Promise<string> => pushChart(registry.host, repository, tag, smallChart('app', version));

/** When something was pushed, and when the API server had the record of the revision that comes of it. */
const firstWriteAfter = async (release: string, revision: number, pushNow: () => Promise<unknown>): Promise<{ readonly pushedAt: number; readonly writtenAt: number }> => {
  const record = `/registry/secrets/${site.namespace}/sh.helm.release.v1.${release}.v${revision}`;
  const recorder = startRecorder(site.lab.etcd);
  const track = recorder.track((key) => key === record);
  try {
    await pushNow();
    const pushedAt = Date.now();
    expect(await track.until(() => track.now(record) !== undefined, 30_000), 'the revision is opened').toBe(true);
    return { pushedAt, writtenAt: Date.now() };
  } finally {
    track.end();
    await recorder.close();
  }
};

describe('a registry that tells what is pushed', { timeout: TEST_MS }, () => {
  it('has a tag that moved followed at once', async () => {
    await push('told/app', 'stable', '1.0.0');
    await site.release('told', { chart: `${registry.host}/told/app:stable`, interval: '10m' });
    await site.ready('told', 1);
    const { pushedAt, writtenAt } = await firstWriteAfter('told', 2, () => push('told/app', 'stable', '2.0.0'));
    const tookMs = writtenAt - pushedAt;
    console.log(`push to first write of the new revision, interval 10m: ${tookMs} ms`);
    // A second on a quiet machine.
    expect(tookMs).toBeLessThan(10_000);
    await site.ready('told', 2);
  });

  it('has a tag that is only polled followed within its interval and a second', async () => {
    await push('polled/app', 'stable', '1.0.0');
    // By another name: the registry's notifications say nothing of it.
    await site.release('polled', { chart: `${silent.host}/polled/app:stable`, interval: `${INTERVAL_MS / 1000}s` });
    const { chart } = await site.ready('polled', 1);
    let answeredAt = Number.POSITIVE_INFINITY;
    silent.fault = (url, answer) => {
      const digest = answer.headers['docker-content-digest'];
      if (url.endsWith('/manifests/stable') && digest !== undefined && digest !== chart?.digest) answeredAt = Math.min(answeredAt, Date.now());
      return answer;
    };
    const { pushedAt, writtenAt } = await firstWriteAfter('polled', 2, () => push('polled/app', 'stable', '2.0.0'));
    console.log(`poll to first write of the new revision: ${writtenAt - answeredAt} ms; push to the poll, interval ${INTERVAL_MS / 1000}s: ${answeredAt - pushedAt} ms`);
    // A turn comes 5 % early or late; a second to the first write on a quiet machine.
    expect(answeredAt - pushedAt).toBeLessThan(1.1 * INTERVAL_MS + 2_000);
    expect(writtenAt - answeredAt).toBeLessThan(10_000);
    await site.ready('polled', 2);
  });

  it('has a range followed to what is pushed, and down when that is gone', async () => {
    await push('range/app', '1.0.0', '1.0.0');
    await push('range/app', '1.1.0-rc.1', '1.1.0-rc.1');
    await site.release('range', { chart: `${registry.host}/range/app`, version: '^1', interval: '10m' });
    const first = await site.ready('range', 1);
    expect(first.chart).toMatchObject({ version: '1.0.0', tag: '1.0.0', range: '^1' });
    expect(conditionIn(first, 'Ready')?.message).toMatch(/^app 1\.0\.0 \(.{12}\) runs as revision 1; .*\/range\/app \^1 is looked at every 10m$/);
    const digest = await push('range/app', '1.2.0_build.7', '1.2.0+build.7');
    const second = await site.ready('range', 2);
    expect(second.chart).toMatchObject({ version: '1.2.0+build.7', tag: '1.2.0_build.7', digest });
    expect(second.history?.[0]?.trigger).toBe('DigestChanged');

    const gone = await fetch(`http://${registry.host}/v2/range/app/manifests/1.2.0_build.7`, { method: 'DELETE' });
    expect(gone.status).toBe(202);
    const third = await site.ready('range', 3);
    expect(third.chart).toMatchObject({ version: '1.0.0', tag: '1.0.0', range: '^1' });
    expect(third.history?.[0]?.trigger).toBe('VersionWithdrawn');
    expect(conditionIn(third, 'Ready')?.message).toContain('runs as revision 3, since a higher version in the range, which ran before, is gone from the registry; ');
  });

  it('says what there is where nothing is in the range', async () => {
    await push('none/app', '1.0.0', '1.0.0');
    await site.release('none', { chart: `${registry.host}/none/app`, version: '^2', interval: '10m' });
    const status = await site.reaches('none', 'VersionNotFound', (seen) => conditionIn(seen, 'Ready')?.reason === 'VersionNotFound');
    expect(conditionIn(status, 'Ready')?.message).toBe(
      `cannot choose a version of ${registry.host}/none/app: no version in the range ^2 among 1 tag, of which 1 is a version; the nearest is 1.0.0; it is looked at every 10m`,
    );
    await push('none/app', '2.0.0', '2.0.0');
    await site.ready('none', 1);
  });

  it.each([
    ['both a tag and a range', { chart: 'r.example/ns/app:1', version: '^1' }, 'spec.version chooses the tag: spec.chart must have neither a tag nor a digest'],
    ['both a digest and a range', { chart: `oci://r.example/ns/app@sha256:${'0'.repeat(64)}`, version: '^1' }, 'spec.version chooses the tag'],
  ])('is not asked for %s', async (_name, spec, why) => {
    await expect(site.release('both', spec)).rejects.toThrow(why);
  });
});
