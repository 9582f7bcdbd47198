import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conditionIn, openSite, type Site } from './site.ts';

const ELSEWHERE = `owned-elsewhere-${randomBytes(3).toString('hex')}`;

let site: Site;
let elsewhere: Site;
beforeAll(async () => {
  site = await openSite('owned', { namespaces: [ELSEWHERE] });
  await site.addNamespace(ELSEWHERE);
  elsewhere = site.beside(ELSEWHERE);
});
afterAll(() => site.close());

const isGone = (at: Site, name: string) => at.eventually(`ChartRelease ${name} is gone`, async () => (await at.seen(name)) === undefined);

/** A ChartRelease that runs as a Helm release of another name, in the namespace of the site. */
const runs = async (name: string, releaseName: string): Promise<Readonly<Record<string, unknown>>> => {
  await site.pushSmall(releaseName, 'stable', '1.0.0');
  const spec = { chart: site.reference(releaseName, 'stable'), releaseName, targetNamespace: site.namespace };
  await site.release(name, spec);
  await site.ready(name, 1);
  return spec;
};

describe.concurrent('two ChartReleases of one Helm release', () => {
  it('leave it to the first, whatever becomes of the second', async () => {
    const spec = await runs('first', 'shared');
    const inCluster = () => Promise.all(['configmaps/shared', 'secrets/sh.helm.release.v1.shared.v1'].map((resource) => site.object(resource)));
    const before = await inCluster();
    await site.release('second', spec);
    expect(await site.fails('second', 'ReleaseNotOwned')).toBe(
      `Helm release ${site.namespace}/shared exists at revision 1 and belongs to ChartRelease ${site.namespace}/first; set spec.releaseName to a free name, or delete that one (helm uninstall, where it is gone and has left its release behind): this one takes over then`,
    );
    expect((await site.seen('second'))?.status).toMatchObject({ nextRetry: expect.any(String) });
    await site.remove('second');
    await isGone(site, 'second');
    expect(await inCluster()).toEqual(before);
    await site.pushSmall('shared', 'stable', '2.0.0');
    await site.lookNow('first');
    await site.ready('first', 2);
  });

  it('hand it over to the second, in another namespace, when the first goes', async () => {
    const spec = await runs('leaving', 'heirloom');
    await elsewhere.release('heir', spec);
    expect(await elsewhere.fails('heir', 'ReleaseNotOwned')).toContain(`belongs to ChartRelease ${site.namespace}/leaving;`);
    // After so many tries the next one by itself is a minute away, and nobody here waits that long.
    for (let tries = 1; tries < 7; tries += 1) {
      await elsewhere.lookNow('heir');
      await elsewhere.reaches('heir', `more than ${tries} tries`, ({ failures }) => (failures ?? 0) > tries);
    }
    expect(site.operator.log().filter((line) => line.includes('"name":"heir"') && line.includes('"reason":"ReleaseNotOwned"'))).toHaveLength(1);
    await site.remove('leaving');
    await isGone(site, 'leaving');
    await elsewhere.ready('heir', 1);
    expect(await site.object('configmaps/heirloom')).toMatchObject({ metadata: { labels: { 'tagalong.dev/namespace': ELSEWHERE, 'tagalong.dev/name': 'heir' } } });
  });

  it('end in one owner when they come at once; the other has nothing there, and takes nothing with it', async () => {
    await site.pushSmall('race', 'stable', '1.0.0');
    const spec = { chart: site.reference('race', 'stable'), releaseName: 'race' };
    const names = ['race-a', 'race-b', 'race-c', 'race-d'];
    await Promise.all(names.map((name) => site.release(name, spec)));
    const ends = await Promise.all(
      names.map(async (name) => {
        const status = await site.reaches(name, 'Ready or refused', (seen) => ['InstallSucceeded', 'ReleaseNotOwned'].includes(conditionIn(seen, 'Ready')?.reason ?? ''));
        return { name, isOwner: conditionIn(status, 'Ready')?.status === 'True' };
      }),
    );
    const owners = ends.filter(({ isOwner }) => isOwner);
    expect(owners).toHaveLength(1);
    const before = await site.object('configmaps/race');
    for (const { name } of ends.filter(({ isOwner }) => !isOwner)) {
      await site.reaches(name, 'no release of its own', ({ releases }) => (releases ?? []).length === 0);
      await site.remove(name);
      await isGone(site, name);
    }
    expect(await site.object('configmaps/race')).toEqual(before);
    await site.ready(owners[0]?.name ?? '', 1);
  });

  it('keep apart what a person made of it with helm', async () => {
    const spec = await runs('original', 'touched');
    await site.release('claimant', spec);
    await site.fails('claimant', 'ReleaseNotOwned');
    await site.pushSmall('touched', 'stable', '2.0.0');
    await site.lookNow('original');
    await site.ready('original', 2);
    await site.helm(['rollback', 'touched', '1']);
    for (const name of ['claimant', 'original']) await site.lookNow(name);
    await site.ready('original', 3);
    await site.lookNow('claimant');
    expect(await site.fails('claimant', 'ReleaseNotOwned')).toContain(`belongs to ChartRelease ${site.namespace}/original;`);
  });

  it('leave what a moving one runs where it is, when the place it wants is taken', async () => {
    await runs('settled', 'wanted');
    const spec = await runs('mover', 'here');
    await site.release('mover', { ...spec, releaseName: 'wanted' });
    const message = await site.fails('mover', 'ReleaseNotOwned');
    expect(message).toMatch(/belongs to ChartRelease .*\/settled; .*; revision 1 \(here 1\.0\.0\) keeps running$/);
    expect((await site.seen('mover'))?.status).toMatchObject({ revision: 1, releases: [{ releaseName: 'here' }] });
    expect(await site.object('configmaps/here')).toBeDefined();
    await site.release('mover', spec);
    await site.ready('mover', 1);
  });
});
