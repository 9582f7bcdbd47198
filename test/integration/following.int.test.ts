import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type CncfRegistry, startCncfRegistry } from '../registry/cncf-registry.ts';
import { pushChart, smallChart } from '../registry/push.ts';
import { conditionIn, openSite, type Site } from './site.ts';

const TEST_MS = 120_000;

let registry: CncfRegistry;
let site: Site;

beforeAll(async () => {
  registry = await startCncfRegistry(inject('lab').tools['registry'] ?? '');
  site = await openSite('following', { plainHttpHosts: [registry.host] });
}, TEST_MS);
afterAll(async () => {
  await site?.close();
  await registry?.close();
});

const push = (repository: string, tag: string, version: string): Promise<string> => pushChart(registry.host, repository, tag, smallChart('app', version));

describe('a range of versions', { timeout: TEST_MS }, () => {
  it('is followed to what is pushed, and down when that is gone', async () => {
    await push('range/app', '1.0.0', '1.0.0');
    await push('range/app', '1.1.0-rc.1', '1.1.0-rc.1');
    await site.release('range', { chart: `${registry.host}/range/app`, version: '^1', interval: '10m' });
    const first = await site.ready('range', 1);
    expect(first.chart).toMatchObject({ version: '1.0.0', tag: '1.0.0', range: '^1' });
    expect(conditionIn(first, 'Ready')?.message).toMatch(/^app 1\.0\.0 \(.{12}\) runs as revision 1; .*\/range\/app \^1 is looked at every 10m$/);
    const digest = await push('range/app', '1.2.0_build.7', '1.2.0+build.7');
    await site.lookNow('range');
    const second = await site.ready('range', 2);
    expect(second.chart).toMatchObject({ version: '1.2.0+build.7', tag: '1.2.0_build.7', digest });
    expect(second.history?.[0]?.trigger).toBe('DigestChanged');

    const gone = await fetch(`http://${registry.host}/v2/range/app/manifests/1.2.0_build.7`, { method: 'DELETE' });
    expect(gone.status).toBe(202);
    await site.lookNow('range');
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
    await site.lookNow('none');
    await site.ready('none', 1);
  });

  it.each([
    ['both a tag and a range', { chart: 'r.example/ns/app:1', version: '^1' }, 'spec.version chooses the tag: spec.chart must have neither a tag nor a digest'],
    ['both a digest and a range', { chart: `oci://r.example/ns/app@sha256:${'0'.repeat(64)}`, version: '^1' }, 'spec.version chooses the tag'],
  ])('is not asked for %s', async (_name, spec, why) => {
    await expect(site.release('both', spec)).rejects.toThrow(why);
  });
});
