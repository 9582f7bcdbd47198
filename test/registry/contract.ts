import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Access, Charts, TagAddress, Tags } from '../../src/ports/registry.ts';
import { type ChartFormatName, pushChart, smallChart } from './push.ts';

/** What the contract is held against: adapters of both ports, and a plain-HTTP registry `host:port` that they reach. */
export interface RegistryUnderTest {
  readonly registry: string;
  readonly charts: Charts;
  readonly tags: Tags;
  close(): Promise<void>;
}

const signal = (): AbortSignal => AbortSignal.timeout(20_000);
const NOBODY: Access = { credential: undefined };
const NOTHING = `sha256:${'0'.repeat(64)}`;
const FORMATS: readonly ChartFormatName[] = ['current', 'experimental', 'alpha2', 'alpha1'];

/** The promises of the ports Charts and Tags, as tests. Each begins with what `start` makes. */
export const registryContract = (name: string, start: () => Promise<RegistryUnderTest>): void => {
  describe(`${name} keeps the contract`, () => {
    let under: RegistryUnderTest;
    beforeEach(async () => {
      under = await start();
    });
    afterEach(() => under.close());

    const address = (repository: string, tag: string): TagAddress => ({ reference: { registry: under.registry, repository, tag }, credential: undefined });
    const follow = (tag: TagAddress, fresh = false) => under.tags.follow('ns/release', tag, { intervalMs: 60_000, fresh }, signal());

    it('follows a tag to the digest that was pushed, and to the next', async () => {
      const first = await pushChart(under.registry, 'a/b/moving', 'stable', smallChart('moving', '1.0.0'));
      expect(await follow(address('a/b/moving', 'stable'))).toEqual({ digest: first, trouble: undefined });
      const second = await pushChart(under.registry, 'a/b/moving', 'stable', smallChart('moving', '1.0.1'));
      expect(await follow(address('a/b/moving', 'stable'), true)).toEqual({ digest: second, trouble: undefined });
      under.tags.unfollow('ns/release');
    });

    it('says NotFound of a tag that does not exist', async () => {
      const view = await follow(address('a/nothing', 'stable'));
      expect(view).toMatchObject({ digest: undefined, trouble: { code: 'NotFound' } });
      expect(view.trouble?.message).toMatch(/^cannot resolve .*\/a\/nothing:stable: the registry answered 404/);
      under.tags.unfollow('ns/release');
    });

    it.each(FORMATS)('pulls a chart of the format %s by digest', async (format) => {
      const files = smallChart('app', '0.1.0', { 'templates/NOTES.txt': 'hello' });
      const digest = await pushChart(under.registry, `ns/${format}`, '0.0.1', files, { format });
      const chart = await under.charts.pull({ registry: under.registry, repository: `ns/${format}` }, digest, NOBODY, signal());
      expect(chart.digest).toBe(digest);
      const pulled = Object.fromEntries(chart.files.map(({ name: file, bytes }) => [file, Buffer.from(bytes).toString()]));
      const isAlpha = format.startsWith('alpha');
      expect(chart.overrides).toEqual(isAlpha ? { name: 'app', version: '0.1.0', apiVersion: 'v1' } : undefined);
      if (isAlpha) expect(JSON.parse(pulled['Chart.yaml'] ?? '')).toEqual({ name: 'app', version: '0.1.0', apiVersion: 'v1', appVersion: '0.1.0' });
      expect({ ...pulled, 'Chart.yaml': '' }).toEqual({ ...files, 'Chart.yaml': '' });
    });

    it('pulls what the tag pointed at before it moved', async () => {
      const first = await pushChart(under.registry, 'ns/kept', '1', smallChart('kept', '1.0.0'));
      await pushChart(under.registry, 'ns/kept', '1', smallChart('kept', '2.0.0'));
      const chart = await under.charts.pull({ registry: under.registry, repository: 'ns/kept', tag: '1' }, first, NOBODY, signal());
      expect(chart.files.map(({ bytes }) => Buffer.from(bytes).toString()).join('')).toContain('version: 1.0.0');
    });

    it('rejects with NotFound for a digest that does not exist', async () => {
      const pull = under.charts.pull({ registry: under.registry, repository: 'ns/none' }, NOTHING, NOBODY, signal());
      await expect(pull).rejects.toMatchObject({ code: 'NotFound', message: expect.stringContaining(`ns/none@${NOTHING}: the registry answered 404`) });
    });

    it('rejects with the reason of an aborted signal', async () => {
      const pull = under.charts.pull({ registry: under.registry, repository: 'ns/none' }, NOTHING, NOBODY, AbortSignal.abort(new Error('enough')));
      await expect(pull).rejects.toThrow('enough');
    });
  });
};
