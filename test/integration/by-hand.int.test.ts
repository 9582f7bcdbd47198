import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smallChart } from '../registry/push.ts';
import { conditionIn, openSite, type Site } from './site.ts';

/** What a person adds to the small chart: a key, and an object. */
const MORE = {
  'templates/configmap.yaml':
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\ndata: {greeting: {{ .Values.greeting | quote }}, version: {{ .Chart.Version | quote }}, more: "1"}\n',
  'templates/more.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}-more}\n',
};

const pod = (play: string) =>
  `apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Release.Name }}\n  annotations: {lab.tagalong.dev/play: ${play}}\nspec:\n  containers: [{name: web, image: registry.invalid/web}]\n`;

describe.concurrent("a person's helm on a release of ours", () => {
  let site: Site;
  beforeAll(async () => {
    site = await openSite('hands', { args: ['--takeover-after', '2s'] });
  });
  afterAll(() => site.close());

  const HELMS = [
    ['three', 'Helm 3.22', (args: readonly string[]) => site.helm3(args)],
    ['four', 'Helm 4.3', (args: readonly string[]) => site.helm(args)],
  ] as const;

  const runs = async (name: string, spec: Readonly<Record<string, unknown>> = {}) => {
    await site.pushSmall(name, 'stable', '1.0.0');
    await site.release(name, { chart: site.reference(name, 'stable'), ...spec });
    await site.ready(name, 1);
  };

  const move = async (name: string, version: string, files: Readonly<Record<string, string>> = {}) => {
    await site.pushSmall(name, 'stable', version, files);
    await site.lookNow(name);
  };

  const byHand = async (name: string, revision: number) => {
    const status = await site.ready(name, revision);
    expect(conditionIn(status, 'Ready')).toMatchObject({ status: 'True', reason: 'ChangedByHand' });
    return { ...status, drifted: conditionIn(status, 'Drifted')?.message };
  };

  describe.concurrent.each(HELMS)('%s', (name, _who, helm) => {
    it('sees an ordinary release, upgrades it, and is kept until the tag moves, which leaves nothing of it', async () => {
      await runs(name, { values: { greeting: 'servus' } });
      expect(JSON.parse((await helm(['list', '-o', 'json', '--filter', `^${name}$`])).stdout)).toMatchObject([{ name, revision: '1', status: 'deployed' }]);
      expect(JSON.parse((await helm(['history', name, '-o', 'json'])).stdout)).toMatchObject([{ revision: 1, status: 'deployed' }]);
      expect((await helm(['status', name])).stdout).toContain('STATUS: deployed');
      expect((await helm(['get', 'all', name])).stdout).toContain('servus');
      await helm(['upgrade', name, await site.folder(smallChart(name, '1.5.0', MORE)), '--reuse-values']);
      const status = await byHand(name, 2);
      expect(status.drifted).toContain(
        `revision 2 (${name} 1.5.0) by somebody's helm (Upgrade complete) is in the place of what the spec asks for, ${site.reference(name, 'stable')}`,
      );
      expect(status).toMatchObject({
        chart: { name, version: '1.5.0' },
        history: [
          { revision: 2, trigger: 'ChangedByHand' },
          { revision: 1, outcome: 'superseded' },
        ],
      });
      expect(status.inventory?.map((object) => object.name)).toEqual([name, `${name}-more`]);
      expect(await site.configMap(name)).toEqual({ greeting: 'servus', version: '1.5.0', more: '1' });
      await move(name, '2.0.0');
      const after = await site.ready(name, 3);
      expect(after.history?.[0]).toMatchObject({ revision: 3, trigger: 'DigestChanged' });
      expect(conditionIn(after, 'Drifted')).toBeUndefined();
      expect(await site.configMap(name)).toEqual({ greeting: 'servus', version: '2.0.0' });
      expect(await site.configMap(`${name}-more`)).toBeUndefined();
    });

    it('rolls it back and forth, which is kept without a loop, and uninstalls it, which is undone', async () => {
      const back = `${name}-back`;
      await runs(back);
      await move(back, '2.0.0');
      await site.ready(back, 2);
      await helm(['rollback', back, '1']);
      expect(await byHand(back, 3)).toMatchObject({ chart: { version: '1.0.0' }, drifted: expect.stringContaining('Rollback to 1') });
      await helm(['rollback', back, '2']);
      expect(await byHand(back, 4)).toMatchObject({ chart: { version: '2.0.0' }, drifted: undefined });
      const before = (await site.writes()).filter((write) => write.includes(back));
      await site.lookNow(back);
      await site.reaches(back, 'looked at', ({ lastHandledReconcileAt }, { metadata }) => lastHandledReconcileAt === metadata.annotations?.['tagalong.dev/reconcile-at']);
      expect((await site.writes()).filter((write) => write.includes(back)).slice(before.length)).toEqual([expect.stringContaining(`chartreleases/${back}/status`)]);
      await helm(['uninstall', back]);
      expect((await site.ready(back, 1)).history).toMatchObject([{ revision: 1, action: 'install', trigger: 'Created', chartVersion: '2.0.0' }]);
      expect(await site.configMap(back)).toMatchObject({ version: '2.0.0' });
    });

    it('cannot upgrade while a revision of ours is under way, and may roll back from it', async () => {
      const busy = `${name}-busy`;
      await runs(busy);
      await move(busy, '2.0.0', { 'templates/pod.yaml': pod('not-ready') });
      await site.eventually('revision 2 is applied', async () => (await site.object(`pods/${busy}`)) !== undefined);
      await expect(helm(['upgrade', busy, await site.folder(smallChart(busy, '1.5.0'))])).rejects.toThrow('another operation');
      await helm(['rollback', busy, '1']);
      const status = await byHand(busy, 3);
      expect(status.history).toMatchObject([{ revision: 3 }, { revision: 2, outcome: 'failed' }, { revision: 1, outcome: 'superseded' }]);
      expect(await site.configMap(busy)).toMatchObject({ version: '1.0.0' });
      await move(busy, '3.0.0');
      await site.ready(busy, 4);
      await site.eventually('the Pod is gone', async () => (await site.object(`pods/${busy}`)) === undefined);
    });

    it('fails, which is left to that person until the tag moves', async () => {
      const fails = `${name}-fails`;
      await runs(fails);
      const dir = await site.folder(smallChart(fails, '1.5.0', { ...MORE, 'templates/pod.yaml': pod('not-ready') }));
      await expect(helm(['upgrade', fails, dir, '--wait', '--timeout', '1s'])).rejects.toThrow();
      expect(await site.fails(fails, 'FailedByHand')).toContain(`revision 2 (${fails} 1.5.0) by somebody's helm`);
      await move(fails, '2.0.0');
      await site.ready(fails, 3);
      expect(await site.configMap(fails)).toEqual({ greeting: 'hello', version: '2.0.0' });
      await site.eventually('the Pod is gone', async () => (await site.object(`pods/${fails}`)) === undefined);
    });
  });

  it('is corrected once each time, where the spec says so', async () => {
    await runs('right', { drift: { mode: 'Correct' } });
    for (const revision of [2, 4]) {
      await site.helm(['upgrade', 'right', await site.folder(smallChart('right', '1.5.0', MORE))]);
      expect((await site.ready('right', revision + 1)).history?.[0]).toMatchObject({ trigger: 'DriftCorrected', chartVersion: '1.0.0' });
      expect(await site.configMap('right')).toEqual({ greeting: 'hello', version: '1.0.0' });
      expect(await site.configMap('right-more')).toBeUndefined();
    }
  });

  it('is kept without a word, where the spec says so', async () => {
    await runs('quiet', { drift: { mode: 'Ignore' } });
    await site.helm(['upgrade', 'quiet', await site.folder(smallChart('quiet', '1.5.0', MORE))]);
    expect(await byHand('quiet', 2)).toMatchObject({ chart: { version: '1.5.0' }, drifted: undefined });
  });

  it('that was killed is waited for, and what the spec asks for is brought back', async () => {
    await runs('killed', { timeout: '3s' });
    const dir = await site.folder(smallChart('killed', '1.5.0', { ...MORE, 'templates/pod.yaml': pod('not-ready') }));
    const helm = new AbortController();
    const run = site.helm(['upgrade', 'killed', dir, '--wait'], { signal: helm.signal });
    await Promise.all([expect(run).rejects.toThrow(), site.eventually('helm waits', async () => (await site.object('pods/killed')) !== undefined).then(() => helm.abort())]);
    await site.reaches('killed', 'ReleaseBusy', (status) => conditionIn(status, 'Ready')?.reason === 'ReleaseBusy');
    expect((await site.ready('killed', 3)).history?.[0]).toMatchObject({ trigger: 'ChangedByHand' });
    expect(await site.configMap('killed')).toEqual({ greeting: 'hello', version: '1.0.0' });
    expect(await site.configMap('killed-more')).toBeUndefined();
  });
});
