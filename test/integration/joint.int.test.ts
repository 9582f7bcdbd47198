import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smallChart } from '../registry/push.ts';
import { playedDeployment, playedHook } from './played.ts';
import { conditionIn, openSite, type Site } from './site.ts';

type Files = Readonly<Record<string, string>>;

/** A Deployment that kwok plays, as its values or the version say. */
const chart = (version: string, play = '', more: Files = {}): Files => ({
  'templates/deployment.yaml': playedDeployment(version, `{{ .Values.play | default "${play}" }}`),
  ...more,
});

describe.concurrent('where two things meet', () => {
  let site: Site;
  beforeAll(async () => {
    site = await openSite('joint');
  });
  afterAll(() => site.close());

  const install = async (name: string, spec: Readonly<Record<string, unknown>> = {}, files: Files = {}) => {
    await site.pushSmall(name, 'stable', '1.0.0', chart('1.0.0', '', files));
    await site.release(name, { chart: site.reference(name, 'stable'), timeout: '3s', ...spec });
    return site.ready(name, 1);
  };
  const push = async (name: string, version: string, files: Files) => {
    await site.pushSmall(name, 'stable', version, files);
    await site.lookNow(name);
  };
  const imageOf = async (name: string) => (await site.kubectl(['get', 'deployment', name, '-o', 'jsonpath={.spec.template.spec.containers[0].image}'])).stdout;
  const annotate = (name: string, annotation: string) => site.kubectl(['annotate', 'crel', name, annotation]);
  const underWay = (name: string, revision: number) => site.reaches(name, `revision ${revision} under way`, ({ history }) => history?.[0]?.revision === revision);

  /** Has updates of a Deployment refused that do not satisfy the expression, until what is returned is called. */
  const refuse = async (name: string, expression: string) => {
    const policy = `${site.namespace}-${name}`;
    const at = '/apis/admissionregistration.k8s.io/v1';
    await site.ask('POST', `${at}/validatingadmissionpolicies`, {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name: policy },
      spec: {
        matchConstraints: { resourceRules: [{ apiGroups: ['apps'], apiVersions: ['v1'], operations: ['UPDATE'], resources: ['deployments'] }] },
        matchConditions: [{ name: 'name', expression: `request.name == '${name}'` }],
        validations: [{ expression, message: 'not now' }],
      },
    });
    await site.ask('POST', `${at}/validatingadmissionpolicybindings`, {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name: policy },
      spec: { policyName: policy, validationActions: ['Deny'], matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': site.namespace } } } },
    });
    return async () => {
      await site.ask('DELETE', `${at}/validatingadmissionpolicybindings/${policy}`);
      await site.ask('DELETE', `${at}/validatingadmissionpolicies/${policy}`);
    };
  };

  it('a look that is asked for at a revision that failed and stays: it is applied once more, and that is said', async () => {
    await install('looked', { onFailure: 'Keep', timeout: '4s' });
    await push('looked', '1.1.0', chart('1.1.0', 'not-ready'));
    await site.fails('looked', 'UpgradeFailed');
    const appliedSoFar = async () => (await site.writes()).filter((write) => write.startsWith('patch') && write.includes('/deployments/looked')).length;
    const before = await appliedSoFar();
    await site.lookNow('looked');
    await site.reaches('looked', 'looked at', ({ lastHandledReconcileAt }, { metadata }) => lastHandledReconcileAt === metadata.annotations?.['tagalong.dev/reconcile-at']);
    await site.fails('looked', 'UpgradeFailed');
    expect((await appliedSoFar()) - before).toBe(1);
  });

  it('a failure, and a newer digest that cannot be begun: it is undone all the same', async () => {
    await install('stranded', { timeout: '10s' });
    await push('stranded', '1.1.0', chart('1.1.0', 'not-ready'));
    await underWay('stranded', 2);
    await push('stranded', '1.2.0', chart('1.2.0', '', { 'templates/broken.yaml': '{{ fail "no" }}' }));
    await site.reaches('stranded', 'undone', ({ revision }) => revision === 3);
    expect(await imageOf('stranded')).toBe('registry.invalid/web:1.0.0');
    expect(await site.fails('stranded', 'RenderFailed')).toContain('revision 3 (stranded 1.0.0) keeps running');
  });

  it('a release that moves back, and a hook of the one that it leaves: no revision is made while it is waited for', async () => {
    await install('there', {}, { 'templates/hook.yaml': playedHook('{{ .Release.Name }}-bye', 'pre-delete', '{{ .Values.bye }}') });
    const spec = { chart: site.reference('there', 'stable'), timeout: '3s' };
    await site.release('there', { ...spec, releaseName: 'and', values: { play: 'not-ready', bye: 'hang' } });
    await site.reaches('there', 'on its way', ({ releases, history }) => releases?.length === 2 && history?.[0]?.revision === 1);
    await site.eventually('it is applied', async () => (await site.object('apps/v1/deployments/and')) !== undefined);
    await site.release('there', { ...spec, releaseName: 'there' });
    expect(await site.fails('there', 'UninstallFailed')).toContain('did not end within 3s');
    const records = (await site.kubectl(['get', 'secrets', '-o', 'name', '-l', 'name=there'])).stdout.trim().split('\n');
    expect(records.map((secret) => secret.split('.').at(-1))).toEqual(['v1', 'v2']);
  });

  it("a pin on what a person's helm made: it is held, and is no drift", async () => {
    await install('held');
    const dir = await site.folder(smallChart('held', '1.5.0', chart('1.5.0')));
    await annotate('held', 'tagalong.dev/pin=2');
    await site.fails('held', 'PinInvalid');
    await site.helm(['upgrade', 'held', dir]);
    const status = await site.reaches('held', 'held', (seen) => conditionIn(seen, 'Ready')?.reason === 'Pinned' && seen.revision === 2);
    expect(conditionIn(status, 'Drifted')).toBeUndefined();
    await site.lookNow('held');
    const looked = await site.reaches(
      'held',
      'looked at',
      ({ lastHandledReconcileAt }, { metadata }) => lastHandledReconcileAt === metadata.annotations?.['tagalong.dev/reconcile-at'],
    );
    expect([looked.revision, conditionIn(looked, 'Drifted')]).toEqual([2, undefined]);
    expect(await imageOf('held')).toBe('registry.invalid/web:1.5.0');
  });

  it("a person's helm that keeps one record: what it made stays all the same", async () => {
    await install('short');
    const dir = await site.folder(smallChart('short', '1.5.0', chart('1.5.0')));
    for (const revision of [2, 3]) {
      await site.helm(['upgrade', 'short', dir, '--history-max', '1']);
      const status = await site.reaches('short', 'by hand', (seen) => seen.revision === revision && conditionIn(seen, 'Ready')?.reason === 'ChangedByHand');
      expect(conditionIn(status, 'Drifted')?.message).toContain('which revision 1 was for');
    }
    await site.lookNow('short');
    await site.reaches('short', 'looked at', ({ lastHandledReconcileAt }, { metadata }) => lastHandledReconcileAt === metadata.annotations?.['tagalong.dev/reconcile-at']);
    expect(await site.object('secrets/sh.helm.release.v1.short.v1')).toBeUndefined();
    const history = (await site.seen('short'))?.status?.history?.map(({ revision, trigger }) => `${revision} ${trigger}`);
    expect([history?.at(0), history?.at(-1)]).toEqual(['3 ChangedByHand', '1 Created']);
    await push('short', '2.0.0', chart('2.0.0'));
    const after = await site.ready('short', 4);
    expect(after.history?.[0]).toMatchObject({ revision: 4, trigger: 'DigestChanged' });
    expect(after.history?.map(({ trigger }) => trigger)).not.toContain('Created');
  });

  it('a pin on a revision that fails: it stays, and nothing says that it is undone', async () => {
    await install('firm', { timeout: '10s' });
    await push('firm', '1.1.0', chart('1.1.0', 'not-ready'));
    await underWay('firm', 2);
    await annotate('firm', 'tagalong.dev/pin=2');
    expect(await site.fails('firm', 'UpgradeFailed')).toMatch(/; it stays in place/);
  });

  it('a pin that is taken away after another chart was asked for, of which the registry says nothing: what runs is not taken for it', async () => {
    await install('unpinned');
    await annotate('unpinned', 'tagalong.dev/pin=1');
    await site.reaches('unpinned', 'held', (seen) => conditionIn(seen, 'Ready')?.reason === 'Pinned');
    await site.release('unpinned', { chart: '127.0.0.1:1/other/chart:stable', timeout: '3s' });
    await site.reaches('unpinned', 'seen', ({ observedGeneration }, { metadata }) => observedGeneration === metadata.generation);
    await annotate('unpinned', 'tagalong.dev/pin-');
    await site.fails('unpinned', 'RegistryUnavailable');
  });

  it('a move to where a helm is at work: what runs elsewhere is still told', async () => {
    await install('mover');
    const dir = await site.folder(smallChart('taken', '1.5.0', chart('1.5.0', 'not-ready')));
    const helm = new AbortController();
    const run = site.helm(['install', 'taken', dir, '--wait'], { signal: helm.signal });
    await Promise.all([
      expect(run).rejects.toThrow(),
      site.eventually('helm waits', async () => (await site.object('apps/v1/deployments/taken')) !== undefined).then(() => helm.abort()),
    ]);
    await site.release('mover', { chart: site.reference('mover', 'stable'), releaseName: 'taken', timeout: '3s' });
    const status = await site.reaches('mover', 'waiting for helm', (seen) => conditionIn(seen, 'Ready')?.reason === 'ReleaseBusy');
    expect(status).toMatchObject({ revision: 1, chart: { version: '1.0.0' }, history: [{ revision: 1 }] });
  });

  it('a rollback that is refused for a moment: it is tried again soon, not with what failed', async () => {
    await install('barred', { timeout: '8s' });
    await push('barred', '1.1.0', chart('1.1.0', 'not-ready'));
    await underWay('barred', 2);
    const end = await refuse('barred', "!object.spec.template.spec.containers[0].image.endsWith(':1.0.0')");
    expect(await site.fails('barred', 'ManifestRejected')).toContain('not now');
    await end();
    const status = await site.reaches('barred', 'undone', (seen) => conditionIn(seen, 'Ready')?.reason === 'RolledBack');
    expect(status.history?.map(({ revision, trigger, outcome }) => `${revision} ${trigger} ${outcome}`)).toEqual([
      '3 Rollback deployed',
      '2 DigestChanged failed',
      '1 Created superseded',
    ]);
  });

  it('drift while a newer digest has to wait: it is corrected', async () => {
    await install('waiting', { drift: { mode: 'Correct' } });
    await site.release('waiting', { chart: site.reference('waiting', 'stable'), timeout: '3s', drift: { mode: 'Correct' }, dependsOn: [{ name: 'nobody' }] });
    await push('waiting', '1.1.0', chart('1.1.0'));
    await site.fails('waiting', 'DependencyNotReady');
    await site.kubectl(['delete', 'deployment', 'waiting']);
    const status = await site.reaches('waiting', 'corrected', ({ history }) => history?.[0]?.corrected !== undefined);
    expect(status).toMatchObject({ revision: 1, history: [{ revision: 1, corrected: { times: 1, what: `Deployment ${site.namespace}/waiting was deleted` } }] });
    expect(conditionIn(status, 'Ready')).toMatchObject({ status: 'False', reason: 'DependencyNotReady' });
    expect(await imageOf('waiting')).toBe('registry.invalid/web:1.0.0');
  });

  it('an uninstall after a failure, and a hook of it that fails: the record says why it is uninstalled', async () => {
    await install('words', { onFailure: 'Uninstall' });
    await push('words', '1.1.0', chart('1.1.0', 'not-ready', { 'templates/hook.yaml': playedHook('words-bye', 'pre-delete', 'fail') }));
    expect(await site.fails('words', 'UninstallFailed')).toContain('pre-delete hook Job words-bye');
    expect(await site.record('words', 2)).toMatch(/"description":"revision 2 [^"]* was not ready within 3s/);
  });

  it('a pin that says no number, and a revision under way: that comes to its end', async () => {
    await install('typo', { timeout: '30s' });
    await push('typo', '1.1.0', chart('1.1.0', 'not-ready'));
    await underWay('typo', 2);
    await annotate('typo', 'tagalong.dev/pin=one');
    await site.kubectl(['scale', 'deployment', 'typo', '--replicas=0']);
    await site.reaches('typo', 'revision 2 deployed', ({ revision }) => revision === 2);
    await site.fails('typo', 'PinInvalid');
  });
});
