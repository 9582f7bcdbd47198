import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { REGISTRY_FAULTS } from '../registry/faults.ts';
import { type FaultyRegistry, startFaultyRegistry } from '../registry/faulty-registry.ts';
import { conditionIn, openSite, type Site } from './site.ts';

// One of each kind; src/adapters/registry/registry-faults.test.ts has them all.
const NAMES = [
  'a token that is refused, for ever',
  'a tag that was deleted',
  '429 for no seconds',
  '500',
  'a manifest of another digest',
  'another type in the header',
  'a chart cut in the middle',
  'the page of a login for a chart',
  'two charts in one',
  'what is not HTTP',
];
const FAULTS = REGISTRY_FAULTS.filter(({ name }) => NAMES.includes(name)).map((fault, nth) => ({ ...fault, chart: `f${nth}` }));

let site: Site;
// A registry each: what one of them asks for holds for all of its charts.
const registries = new Map<string, FaultyRegistry>();
beforeAll(async () => {
  for (const { chart } of FAULTS) registries.set(chart, await startFaultyRegistry(inject('lab').registry));
  site = await openSite('faults', { plainHttpHosts: [...registries.values()].map(({ host }) => host) });
});
afterAll(async () => {
  await site.close();
  for (const registry of registries.values()) await registry.close();
});

/** What runs stays untouched, the release says what is wrong, and follows by itself when it is over. */
const survive = async ({ chart, look, spoil, push }: (typeof FAULTS)[number]): Promise<void> => {
  const registry = registries.get(chart);
  if (registry === undefined) throw new Error(`${chart} has no registry`);
  const before = await site.pushSmall(chart, '1', '1.0.0');
  await site.release(chart, { chart: `${registry.host}/${site.namespace}/${chart}:1`, interval: '10s' });
  await site.ready(chart, 1);
  const inCluster = () => Promise.all([`configmaps/${chart}`, `secrets/sh.helm.release.v1.${chart}.v1`, `secrets/sh.helm.release.v1.${chart}.v2`].map((one) => site.object(one)));
  const untouched = await inCluster();

  registry.fault = spoil?.({ registry: registry.host, elsewhere: registry.host, before });
  const moved = await (push?.({ registry: site.lab.registry, repository: `${site.namespace}/${chart}` }) ?? site.pushSmall(chart, '1', '2.0.0'));
  await site.lookNow(chart);
  // A tag that cannot be looked at is no fault of what runs; a chart that cannot be had is what was asked for.
  const isLook = look !== 'Moved';
  const status = await site.reaches(chart, 'in trouble', (seen) => (isLook ? conditionIn(seen, 'FetchFailed') !== undefined : conditionIn(seen, 'Ready')?.status === 'False'));
  expect(conditionIn(status, 'Ready')?.status).toBe(isLook ? 'True' : 'False');
  expect(conditionIn(status, isLook ? 'FetchFailed' : 'Ready')?.message).toContain(`${site.namespace}/${chart}`);
  expect(status).toMatchObject({ revision: 1, chart: { version: '1.0.0', digest: before } });
  expect(await inCluster()).toEqual(untouched);
  // What the tag points at is no chart, and stays none: a look at the tag is all that is left.
  if (!isLook) expect(status.nextRetry !== undefined).toBe(push === undefined);

  registry.fault = undefined;
  const after = push === undefined ? moved : await site.pushSmall(chart, '1', '2.0.0');
  const recovered = await site.ready(chart, 2);
  expect(recovered.chart).toMatchObject({ version: '2.0.0', digest: after });
  expect(conditionIn(recovered, 'FetchFailed')).toBeUndefined();
  expect(await site.configMap(chart)).toMatchObject({ version: '2.0.0' });
};

describe('a release whose registry fails while the tag moves', () => {
  it('runs on untouched, says so and follows after', async () => {
    expect(FAULTS).toHaveLength(NAMES.length);
    const failed = await Promise.all(
      FAULTS.map((fault) =>
        survive(fault).then(
          () => [],
          (error: unknown) => [`${fault.name}: ${String(error)}`],
        ),
      ),
    );
    expect(failed.flat()).toEqual([]);
  }, 120_000);
});
