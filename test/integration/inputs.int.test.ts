import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conditionIn, openSite, type Site } from './site.ts';

let site: Site;
beforeAll(async () => {
  site = await openSite('inputs');
});
afterAll(() => site.close());

const patch = (name: string, spec: Readonly<Record<string, unknown>>) => site.kubectl(['patch', 'crel', name, '--type=merge', '--patch', JSON.stringify({ spec })]);
const isGone = (name: string) => site.eventually(`ChartRelease ${name} is gone`, async () => (await site.seen(name)) === undefined);

describe.concurrent('a release that is suspended', () => {
  const rests = (name: string) =>
    site.reaches(name, 'suspended', (status, { metadata }) => conditionIn(status, 'Suspended')?.status === 'True' && status.observedGeneration === metadata.generation);

  it('stays Ready, does not see its tag move, and looks at once when it is resumed', async () => {
    await site.pushSmall('resting', 'stable', '1.0.0');
    await site.release('resting', { chart: site.reference('resting', 'stable'), interval: '1h' });
    await site.ready('resting', 1);
    await patch('resting', { suspend: true });
    const status = await rests('resting');
    const since = conditionIn(status, 'Suspended')?.lastTransitionTime;
    expect(conditionIn(status, 'Ready')).toMatchObject({
      status: 'True',
      reason: 'Suspended',
      message: `suspended since ${since} by spec.suspend; revision 1 (resting 1.0.0) keeps running`,
    });
    expect((await site.kubectl(['get', 'crel', 'resting'])).stdout).toMatch(/resting\s+resting\s+1\.0\.0\s+1\s+True\s+suspended since/);
    const digest = await site.pushSmall('resting', 'stable', '2.0.0');
    await patch('resting', { values: { greeting: 'later' } });
    expect(await rests('resting')).toMatchObject({ revision: 1 });
    expect(await site.configMap('resting')).toEqual({ greeting: 'hello', version: '1.0.0' });
    await patch('resting', { suspend: false });
    expect((await site.ready('resting', 2)).chart?.digest).toBe(digest);
    expect(await site.configMap('resting')).toEqual({ greeting: 'later', version: '2.0.0' });
  });

  it('installs nothing, and is uninstalled when it is deleted', async () => {
    await site.pushSmall('asleep', 'stable', '1.0.0');
    await site.release('asleep', { chart: site.reference('asleep', 'stable'), suspend: true });
    expect(conditionIn(await rests('asleep'), 'Ready')).toMatchObject({ status: 'False', reason: 'Suspended' });
    await patch('asleep', { suspend: false });
    await site.ready('asleep', 1);
    await patch('asleep', { suspend: true });
    await rests('asleep');
    await site.remove('asleep');
    await isGone('asleep');
    expect(await site.configMap('asleep')).toBeUndefined();
    expect(await site.object('secrets/sh.helm.release.v1.asleep.v1')).toBeUndefined();
  });
});

describe.concurrent('a ChartRelease that leaves its release behind', () => {
  const leave = async (name: string) => {
    await site.remove(name);
    await isGone(name);
  };

  it('takes it over when it is made again, without a new revision', async () => {
    await site.pushSmall('left', 'stable', '1.0.0');
    const spec = { chart: site.reference('left', 'stable'), deletionPolicy: 'Orphan' };
    await site.release('left', spec);
    await site.ready('left', 1);
    const inCluster = () => Promise.all(['configmaps/left', 'secrets/sh.helm.release.v1.left.v1'].map((resource) => site.object(resource)));
    const before = await inCluster();
    await leave('left');
    expect(before).not.toContain(undefined);
    expect(await inCluster()).toEqual(before);
    expect((await site.kubectl(['get', 'events', '-o', 'jsonpath={range .items[?(@.reason=="Orphaned")]}{.message}{"\\n"}{end}'])).stdout).toContain(
      `Helm release ${site.namespace}/left stays as it is`,
    );
    await site.release('other', { ...spec, releaseName: 'left' });
    expect(await site.fails('other', 'ReleaseNotOwned')).toContain(`belongs to ChartRelease ${site.namespace}/left; set spec.releaseName to a free name`);
    await leave('other');
    await site.release('left', spec);
    expect(await site.ready('left', 1)).toMatchObject({ inventory: [{ kind: 'ConfigMap', name: 'left' }], releases: [{ releaseName: 'left' }] });
    await patch('left', { deletionPolicy: 'Uninstall' });
    await leave('left');
    expect(await inCluster()).toEqual([undefined, undefined]);
  });

  it('leaves an ordinary release to stock helm, also one that was under way', async () => {
    const job = 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: never\nspec:\n  schedulerName: nobody\n  containers: [{name: x, image: registry.invalid/x}]\n';
    await site.pushSmall('freed', 'stable', '1.0.0');
    await site.release('freed', { chart: site.reference('freed', 'stable'), deletionPolicy: 'Orphan' });
    await site.ready('freed', 1);
    await site.pushSmall('freed', 'stable', '2.0.0', { 'templates/pod.yaml': job });
    await site.lookNow('freed');
    await site.eventually('revision 2 is under way', async () => (await site.object('pods/never')) !== undefined);
    await leave('freed');
    expect(JSON.parse((await site.helm(['history', 'freed', '-o', 'json'])).stdout)).toMatchObject([
      { status: 'deployed' },
      { status: 'failed', description: 'Left unfinished: its ChartRelease was deleted' },
    ]);
    await site.helm(['rollback', 'freed', '1']);
    expect(await site.configMap('freed')).toMatchObject({ version: '1.0.0' });
    await site.helm(['uninstall', 'freed']);
    expect(await site.configMap('freed')).toBeUndefined();
  });
});

describe.concurrent('a namespace that is missing', () => {
  it('is created before anything else, as helm does, and stays', async () => {
    const target = `${site.namespace}-made`;
    await site.pushSmall('housed', 'stable', '1.0.0');
    const spec = { chart: site.reference('housed', 'stable'), targetNamespace: target };
    await site.release('housed', spec);
    expect(await site.fails('housed', 'NamespaceNotFound')).toContain(target);
    await site.release('housed', { ...spec, createNamespace: true });
    await site.ready('housed', 1);
    expect(await site.read(`/api/v1/namespaces/${target}`)).toMatchObject({ metadata: { labels: { name: target } } });
    await site.remove('housed');
    await isGone('housed');
    expect(await site.configMap('housed', target)).toBeUndefined();
    expect(await site.read(`/api/v1/namespaces/${target}`)).toMatchObject({ status: { phase: 'Active' } });
  });
});
