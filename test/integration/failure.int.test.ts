import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { playedDeployment, playedHook } from './played.ts';
import { conditionIn, openSite, type Site } from './site.ts';

/** A Deployment whose pods are played by kwok, an object that each version has alone, and one whose content is made by chance. */
const chart = (version: string, play = '', hooks = ''): Readonly<Record<string, string>> => ({
  'templates/deployment.yaml': playedDeployment(version, play),
  'templates/own.yaml': `apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ .Release.Name }}-only-${version.replaceAll('.', '-')}"}
data: {chance: "{{ randAlphaNum 12 }}"}
`,
  ...(hooks !== '' && { 'templates/hooks.yaml': hooks }),
});

describe.concurrent('a revision that fails', () => {
  let site: Site;
  beforeAll(async () => {
    site = await openSite('fail');
  });
  afterAll(() => site.close());

  const install = async (name: string, spec: Readonly<Record<string, unknown>> = {}, files = chart('1.0.0')) => {
    await site.pushSmall(name, 'stable', '1.0.0', files);
    await site.release(name, { chart: site.reference(name, 'stable'), timeout: '2s', ...spec });
  };
  const upgrade = async (name: string, version: string, files: Readonly<Record<string, string>>) => {
    const digest = await site.pushSmall(name, 'stable', version, files);
    await site.lookNow(name);
    return digest;
  };
  const manifestOf = async (release: string, revision: number) => (JSON.parse(await site.record(release, revision)) as { readonly manifest: string }).manifest; // Helm's own shape
  const imageOf = async (name: string) => (await site.kubectl(['get', 'deployment', name, '-o', 'jsonpath={.spec.template.spec.containers[0].image}'])).stdout;
  const pin = (name: string, revision: number | null) =>
    site.ask(
      'PATCH',
      `/apis/tagalong.dev/v1beta1/namespaces/${site.namespace}/chartreleases/${name}`,
      { metadata: { annotations: { 'tagalong.dev/pin': revision === null ? null : String(revision) } } },
      'application/merge-patch+json',
    );

  it('is undone from the record of the last good one, byte for byte, and says why and when the same is tried again', async () => {
    // Its hooks have as long as its objects: time enough for the cluster to play them.
    await install(
      'undone',
      { timeout: '6s' },
      chart('1.0.0', '', playedHook('undone-back', 'pre-rollback') + playedHook('undone-after', 'post-rollback') + playedHook('undone-up', 'pre-upgrade')),
    );
    const before = await site.ready('undone', 1);
    const bad = await upgrade('undone', '1.1.0', chart('1.1.0', 'not-ready', playedHook('undone-other', 'pre-rollback')));
    const message = await site.fails('undone', 'RolledBack');
    expect(message).toMatch(
      new RegExp(
        `^${site.reference('undone', 'stable')} \\(${bad.slice(7, 19)}\\) failed and was undone: revision 2 \\(${bad.slice(7, 19)}\\) was not ready within 6s: Deployment .*; revision 1 is applied again; the same is tried again at 20.*Z; revision 3 \\(undone 1\\.0\\.0\\) keeps running$`,
      ),
    );
    const status = await site.reaches('undone', 'at rest', () => true);
    expect(status).toMatchObject({ revision: 3, failures: 1, nextRetry: expect.stringMatching(/Z$/), chart: { version: '1.0.0', digest: before.chart?.digest } });
    expect(status.history).toMatchObject([
      { revision: 3, action: 'rollback', trigger: 'Rollback', outcome: 'deployed', digest: before.chart?.digest, chartVersion: '1.0.0', duration: expect.stringMatching(/s$/) },
      { revision: 2, action: 'upgrade', trigger: 'DigestChanged', outcome: 'failed', digest: bad, chartVersion: '1.1.0', duration: expect.stringMatching(/^[678]s$/) },
      { revision: 1, action: 'install', trigger: 'Created', outcome: 'superseded' },
    ]);
    expect(await manifestOf('undone', 3)).toBe(await manifestOf('undone', 1));
    expect(await imageOf('undone')).toBe('registry.invalid/web:1.0.0');
    expect(await site.object('configmaps/undone-only-1-0-0')).toBeDefined();
    expect(await site.object('configmaps/undone-only-1-1-0')).toBeUndefined();
    for (const job of ['undone-back', 'undone-after']) expect(await site.object(`batch/v1/jobs/${job}`)).toBeDefined();
    for (const job of ['undone-up', 'undone-other']) expect(await site.object(`batch/v1/jobs/${job}`)).toBeUndefined();
    const history = JSON.parse((await site.helm(['history', 'undone', '-o', 'json'])).stdout);
    expect(history).toMatchObject([
      { revision: 1, status: 'superseded' },
      { revision: 2, status: 'failed', description: expect.stringContaining('was not ready within 6s') },
      { revision: 3, status: 'deployed', chart: 'undone-1.0.0', description: expect.stringContaining('Rolled back to 1: ') },
    ]);
    const events = JSON.parse((await site.kubectl(['events', '--for', 'chartrelease/undone', '-o', 'json'])).stdout) as { readonly items: readonly { readonly reason: string }[] }; // the API's own shape
    expect(events.items.map(({ reason }) => reason)).toEqual(['InstallSucceeded', 'UpgradeFailed', 'RolledBack']);
  });

  it('is tried again when somebody asks, with a count, and gives way to another digest at once', async () => {
    await install('again');
    await site.ready('again', 1);
    await upgrade('again', '1.1.0', chart('1.1.0', 'not-ready'));
    await site.fails('again', 'RolledBack');
    await site.lookNow('again');
    const twice = await site.reaches('again', 'undone a second time', ({ revision, failures }) => revision === 5 && failures === 2);
    expect(conditionIn(twice, 'Ready')).toMatchObject({ status: 'False', reason: 'RolledBack', message: expect.stringContaining('failed for the 2. time and was undone') });
    expect(Date.parse(twice.nextRetry ?? '') - Date.now()).toBeGreaterThan(18 * 60_000);
    expect(twice.history?.map(({ revision, trigger, outcome }) => `${revision} ${trigger} ${outcome}`)).toEqual([
      '5 Rollback deployed',
      '4 Retry failed',
      '3 Rollback superseded',
      '2 DigestChanged failed',
      '1 Created superseded',
    ]);
    await upgrade('again', '1.2.0', chart('1.2.0'));
    const good = await site.ready('again', 6);
    expect(good).toMatchObject({ chart: { version: '1.2.0' }, history: [{ trigger: 'DigestChanged' }, {}, {}, {}, {}, {}] });
    expect(good.failures).toBeUndefined();
    expect(good.nextRetry).toBeUndefined();
  });

  it('stays in place with Keep, and is deployed when it becomes ready', async () => {
    await install('kept', { onFailure: 'Keep' });
    await site.ready('kept', 1);
    await upgrade('kept', '1.1.0', chart('1.1.0', 'not-ready'));
    expect(await site.fails('kept', 'UpgradeFailed')).toMatch(/it stays in place and is deployed as soon as it becomes ready/);
    expect(await imageOf('kept')).toBe('registry.invalid/web:1.1.0');
    await site.kubectl(['scale', 'deployment', 'kept', '--replicas=0']);
    await site.ready('kept', 2);
  });

  it('stays in place when it is the first, whatever the spec says of going back', async () => {
    await install('first', { onFailure: 'Rollback' }, chart('1.0.0', 'not-ready'));
    expect(await site.fails('first', 'InstallFailed')).toMatch(/it stays in place/);
    expect(await imageOf('first')).toBe('registry.invalid/web:1.0.0');
  });

  it('is uninstalled only when asked, stays so, keeps its records, and another digest is installed at once', async () => {
    await install('gone', { onFailure: 'Uninstall', timeout: '6s' }, chart('1.0.0', '', playedHook('gone-bye', 'post-delete')));
    await site.ready('gone', 1);
    await upgrade('gone', '1.1.0', chart('1.1.0', 'not-ready', playedHook('gone-bye', 'post-delete')));
    const message = await site.fails('gone', 'UninstalledAfterFailure');
    expect(message).toMatch(/ failed and was undone: revision 2 .* was not ready within 6s: .*; the release is uninstalled, as spec\.onFailure says; the same is tried again at /);
    const status = await site.reaches('gone', 'uninstalled', ({ inventory }) => inventory?.length === 0);
    expect(status).toMatchObject({
      failures: 1,
      history: [
        { revision: 2, outcome: 'uninstalled' },
        { revision: 1, outcome: 'superseded' },
      ],
    });
    expect(status.revision).toBeUndefined();
    expect(await site.object('apps/v1/deployments/gone')).toBeUndefined();
    expect(await site.object('batch/v1/jobs/gone-bye')).toBeDefined();
    await upgrade('gone', '1.2.0', chart('1.2.0'));
    expect((await site.ready('gone', 3)).history).toMatchObject([{ revision: 3, action: 'install' }, {}, {}]);
    await site.remove('gone');
    await site.eventually('gone is gone', async () => (await site.seen('gone')) === undefined);
    expect((await site.kubectl(['get', 'secrets', '-o', 'name'])).stdout).not.toContain('sh.helm.release.v1.gone.');
  });

  it('is undone when a hook of it fails, before or after the objects', async () => {
    await Promise.all(
      ['pre-upgrade', 'post-upgrade'].map(async (event) => {
        const name = `hooked-${event.split('-')[0]}`;
        await install(name, { timeout: '20s' });
        await site.ready(name, 1);
        await upgrade(name, '1.1.0', chart('1.1.0', '', playedHook(`${name}-job`, event, 'fail')));
        expect(await site.fails(name, 'RolledBack')).toMatch(new RegExp(`failed and was undone: ${event} hook Job ${name}-job .* failed: `));
        expect(await imageOf(name)).toBe('registry.invalid/web:1.0.0');
      }),
    );
  });

  it('is undone without a registry, also when what is asked for cannot be told any more', async () => {
    await site.ask('POST', `/api/v1/namespaces/${site.namespace}/configmaps`, { metadata: { name: 'blind-values' }, data: { 'values.yaml': 'a: 1' } });
    await site.kubectl(['create', 'secret', 'docker-registry', 'blind-login', '--docker-server=registry.invalid', '--docker-username=a', '--docker-password=b']);
    await install('blind', { timeout: '10s', valuesFrom: [{ kind: 'ConfigMap', name: 'blind-values' }], pullSecrets: [{ name: 'blind-login' }] });
    await site.ready('blind', 1);
    await upgrade('blind', '1.1.0', chart('1.1.0', 'not-ready'));
    await site.reaches('blind', 'revision 2 under way', ({ history }) => history?.[0]?.revision === 2);
    await site.kubectl(['delete', 'secret/blind-login', 'configmap/blind-values']);
    // What is missing first is said. While the revision is under way, and once it has failed: when it is undone, the next run may come at once, and Ready says it.
    const status = await site.reaches('blind', 'blind', (one) => conditionIn(one, 'FetchFailed') !== undefined);
    expect(conditionIn(status, 'FetchFailed')?.message).toContain('blind-login');
    await site.reaches('blind', 'undone', ({ revision }) => revision === 3);
    expect(await site.fails('blind', 'PullSecretInvalid')).toContain('blind-login');
    expect(await imageOf('blind')).toBe('registry.invalid/web:1.0.0');
  });

  it('is left at once for another digest, also while it is being undone', async () => {
    await install('cancelled', { timeout: '60s' }, chart('1.0.0', '', playedHook('cancelled-back', 'pre-rollback', 'hang')));
    await site.ready('cancelled', 1);
    await upgrade('cancelled', '1.1.0', chart('1.1.0', '', playedHook('cancelled-up', 'pre-upgrade', 'fail')));
    await site.reaches('cancelled', 'waiting for the rollback hook', (status) => (conditionIn(status, 'Ready')?.message ?? '').includes('pre-rollback hook Job cancelled-back'));
    await upgrade('cancelled', '1.2.0', chart('1.2.0'));
    const status = await site.ready('cancelled', 4);
    expect(status.history?.map(({ revision, outcome }) => `${revision} ${outcome}`)).toEqual(['4 deployed', '3 failed', '2 failed', '1 superseded']);
  });

  it('is held off by a pin, which brings an earlier one back and follows nothing until it is taken away', async () => {
    await install('pinned', { timeout: '60s' });
    await site.ready('pinned', 1);
    await upgrade('pinned', '1.1.0', chart('1.1.0'));
    await site.ready('pinned', 2);
    await pin('pinned', 1);
    const held = await site.reaches('pinned', 'Pinned', (status) => status.revision === 3 && conditionIn(status, 'Ready')?.reason === 'Pinned');
    expect(conditionIn(held, 'Ready')).toMatchObject({
      status: 'True',
      message: expect.stringContaining('runs as revision 3, which is revision 1 again, held by the annotation tagalong.dev/pin'),
    });
    expect(held.history).toMatchObject([{ revision: 3, action: 'rollback', trigger: 'Pinned', chartVersion: '1.0.0' }, {}, {}]);
    expect(await manifestOf('pinned', 3)).toBe(await manifestOf('pinned', 1));
    await upgrade('pinned', '1.2.0', chart('1.2.0'));
    await pin('pinned', 9);
    expect(await site.fails('pinned', 'PinInvalid')).toContain('these may be held: 1, 2, 3');
    expect(await imageOf('pinned')).toBe('registry.invalid/web:1.0.0');
    await pin('pinned', null);
    expect(await site.ready('pinned', 4)).toMatchObject({ chart: { version: '1.2.0' }, history: [{ trigger: 'DigestChanged' }, {}, {}, {}] });
  });
});
