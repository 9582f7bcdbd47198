import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONFIG_TYPE, CONTENT_TYPE, MANIFEST_TYPE, pushBlob, pushChart, pushManifest, smallChart } from '../registry/push.ts';
import { chartTgz } from '../registry/tar.ts';
import { openSite, type Site } from './site.ts';

// A path of several levels, and a tag that is not the version, as people had them in the days of Helm 3.0.0-alpha.
const PATH = 'build-test/helm/foo';
const TAG = '0.0.1';

describe('a chart in the formats of all times', () => {
  let site: Site;
  beforeAll(async () => {
    site = await openSite('formats');
  });
  afterAll(() => site.close());

  it('is installed, and upgraded from each to the next', async () => {
    const repository = `${site.namespace}/${PATH}`;
    const push = (format: 'alpha1' | 'alpha2' | 'experimental' | 'current', version: string): Promise<string> =>
      pushChart(site.lab.registry, repository, TAG, smallChart('foo', version), { format });
    const times = [
      ['alpha1', '0.1.0'],
      ['alpha2', '0.2.0'],
      ['experimental', '0.3.0'],
      ['current', '0.4.0'],
    ] as const;
    for (const [index, [format, version]] of times.entries()) {
      const digest = await push(format, version);
      if (index === 0) await site.release('foo', { chart: `${site.lab.registry}/${repository}:${TAG}` });
      else await site.lookNow('foo');
      expect((await site.ready('foo', index + 1)).chart).toEqual({ name: 'foo', version, appVersion: version, digest, tag: TAG });
      expect(await site.configMap('foo')).toEqual({ greeting: 'hello', version });
    }
    const history = JSON.parse((await site.helm(['history', 'foo', '--output', 'json'])).stdout) as readonly { readonly chart: string }[]; // Helm's own form
    expect(history.map(({ chart }) => chart)).toEqual(['foo-0.1.0', 'foo-0.2.0', 'foo-0.3.0', 'foo-0.4.0']);
  });

  it('is found among all that may stand in its manifest', async () => {
    const target = { registry: site.lab.registry, repository: `${site.namespace}/odd` };
    const config = await pushBlob(target, CONFIG_TYPE, Buffer.from('{"name":"odd","version":"1.0.0","apiVersion":"v2"}'));
    const content = await pushBlob(target, CONTENT_TYPE, chartTgz('odd', smallChart('odd', '1.0.0')));
    const layers = [await pushBlob(target, 'application/vnd.example.sbom', Buffer.from('sbom')), content];
    const annotations = { 'org.opencontainers.image.title': 'odd' };
    const plain = { schemaVersion: 2, mediaType: MANIFEST_TYPE, config, layers: [content] };
    const about = await pushManifest(target, 'other', JSON.stringify({ ...plain, annotations }));
    const subject = { mediaType: MANIFEST_TYPE, digest: about, size: Buffer.byteLength(JSON.stringify({ ...plain, annotations })) };
    const digest = await pushManifest(target, 'odd', JSON.stringify({ ...plain, layers, annotations, subject, artifactType: CONFIG_TYPE }));
    await site.release('odd', { chart: site.reference('odd', 'odd') });
    expect((await site.ready('odd', 1)).chart).toMatchObject({ name: 'odd', version: '1.0.0', digest });
  });
});
