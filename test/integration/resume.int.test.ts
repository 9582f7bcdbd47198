import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conditionIn, openSite, type Site } from './site.ts';

const pod = (play: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Release.Name }}\n  annotations: {lab.tagalong.dev/play: ${play}}\nspec:\n  containers: [{name: web, image: registry.invalid/web}]\n`;
// Another value at every render: two renders of one revision would show.
const RANDOM = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}-random}\ndata: {random: {{ randAlphaNum 20 | quote }}}\n';

describe('an operator that dies', () => {
  let site: Site;
  beforeAll(async () => {
    site = await openSite('resume');
  });
  afterAll(() => site.close());

  /** Makes a Pod that is played as not ready ready after all. */
  const becomesReady = (name: string) =>
    site.kubectl(['patch', 'pod', name, '--subresource=status', '--type=strategic', '--patch', '{"status":{"conditions":[{"type":"Ready","status":"True"}]}}']);

  it('goes on with the revision that was open, from its stored manifest', async () => {
    await site.pushSmall('web', 'stable', '1.0.0', { 'templates/random.yaml': RANDOM, 'templates/pod.yaml': pod('not-ready') });
    await site.release('web', { chart: site.reference('web', 'stable') });
    await site.reaches('web', 'waiting', (status) => conditionIn(status, 'Ready')?.reason === 'Progressing');
    const random = await site.configMap('web-random');
    await site.operator.kill();
    await site.startOperator();
    await becomesReady('web');
    const status = await site.ready('web', 1);
    expect(status.history).toMatchObject([{ revision: 1, outcome: 'deployed' }]);
    expect(await site.configMap('web-random')).toEqual(random);
  });

  it('leaves a revision that nobody wants any more', async () => {
    await site.pushSmall('stuck', 'stable', '1.0.0', { 'templates/pod.yaml': pod('not-ready') });
    await site.release('stuck', { chart: site.reference('stuck', 'stable') });
    await site.reaches('stuck', 'waiting', (status) => conditionIn(status, 'Ready')?.reason === 'Progressing');
    await site.operator.kill();
    await site.pushSmall('stuck', 'stable', '2.0.0');
    await site.startOperator();
    const status = await site.ready('stuck', 2);
    expect(status.history).toMatchObject([
      { revision: 2, outcome: 'deployed' },
      { revision: 1, outcome: 'failed' },
    ]);
    await site.eventually('the Pod of the first revision is gone', async () => (await site.object('pods/stuck')) === undefined);
  });

  it('applies once more what somebody deletes while it waits', async () => {
    await site.pushSmall('gone', 'stable', '1.0.0', { 'templates/pod.yaml': pod('not-ready') });
    await site.release('gone', { chart: site.reference('gone', 'stable') });
    await site.reaches('gone', 'waiting', (status) => conditionIn(status, 'Ready')?.reason === 'Progressing');
    const seen = async () => (await site.object('pods/gone')) as { readonly metadata: { readonly uid: string }; readonly status?: { readonly phase?: string } } | undefined; // the API's own shape
    const before = await seen();
    await site.kubectl(['delete', 'pod', 'gone', '--force', '--grace-period=0', '--wait=false']);
    await site.eventually('another Pod runs', async () => {
      const now = await seen();
      return now !== undefined && now.metadata.uid !== before?.metadata.uid && now.status?.phase === 'Running';
    });
    await becomesReady('gone');
    expect((await site.ready('gone', 1)).history).toMatchObject([{ revision: 1, outcome: 'deployed' }]);
  });

  it('brings the revision under way to its end when the tag moves to something bad', async () => {
    await site.pushSmall('stranded', 'stable', '1.0.0', { 'templates/pod.yaml': pod('not-ready') });
    await site.release('stranded', { chart: site.reference('stranded', 'stable') });
    await site.reaches('stranded', 'waiting', (status) => conditionIn(status, 'Ready')?.reason === 'Progressing');
    await site.pushSmall('stranded', 'stable', '2.0.0', { 'templates/bad.yaml': '{{ fail "bad" }}' });
    await site.lookNow('stranded');
    await site.reaches('stranded', 'FetchFailed', (status) => conditionIn(status, 'FetchFailed')?.reason === 'RenderFailed');
    await becomesReady('stranded');
    const status = await site.reaches('stranded', 'deployed', ({ revision }) => revision === 1);
    expect(status.history).toMatchObject([{ revision: 1, outcome: 'deployed' }]);
    await site.pushSmall('stranded', 'stable', '3.0.0');
    await site.lookNow('stranded');
    expect(conditionIn(await site.ready('stranded', 2), 'FetchFailed')).toBeUndefined();
  });

  it('writes nothing for releases that are as they should be when it starts', async () => {
    const before = (await site.writes()).length;
    await site.operator.stop();
    await site.startOperator();
    await site.pushSmall('last', 'stable', '1.0.0');
    await site.release('last', { chart: site.reference('last', 'stable') });
    await site.ready('last', 1);
    const others = (await site.writes()).slice(before).filter((write) => !write.includes('last'));
    // The record of the new release is created at the collection: its name is not in the path.
    expect(others.filter((write) => !write.includes('/events') && !/^create .*\/secrets\?/.test(write))).toEqual([]);
  });
});
