import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conditionIn, openSite, type Site } from './site.ts';

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  replicas: {{ .Values.replicas | default 1 }}
  selector:
    matchLabels: {app: {{ .Release.Name }}}
  template:
    metadata:
      labels: {app: {{ .Release.Name }}}
      annotations: {version: {{ .Chart.Version | quote }}}
    spec:
      containers:
        - name: web
          image: registry.invalid/web:{{ .Chart.Version }}
`;

describe.concurrent('the life of a release', () => {
  let site: Site;
  beforeAll(async () => {
    site = await openSite('life');
  });
  afterAll(() => site.close());

  it('installs a chart, waits for its Deployment, and says what runs', async () => {
    const digest = await site.pushSmall('web', 'stable', '1.0.0', { 'templates/deployment.yaml': DEPLOYMENT, 'templates/NOTES.txt': 'Have fun with {{ .Release.Name }}.' });
    await site.release('web', { chart: site.reference('web', 'stable') });
    const status = await site.ready('web', 1);
    expect(status.chart).toEqual({ name: 'web', version: '1.0.0', appVersion: '1.0.0', digest, tag: 'stable' });
    expect(status.history).toMatchObject([{ revision: 1, digest, chartVersion: '1.0.0', action: 'install', trigger: 'Created', outcome: 'deployed' }]);
    expect(status.inventory?.map(({ kind, name }) => `${kind} ${name}`)).toEqual(['ConfigMap web', 'Deployment web']);
    const deployment = await site.object('apps/v1/deployments/web');
    expect(deployment).toMatchObject({
      metadata: { labels: { 'tagalong.dev/name': 'web' }, managedFields: expect.arrayContaining([expect.objectContaining({ manager: 'tagalong', operation: 'Apply' })]) },
      status: { availableReplicas: 1 },
    });
    expect((await site.kubectl(['get', 'crel', 'web'])).stdout).toMatch(/NAME\s+CHART\s+VERSION\s+REVISION\s+READY\s+STATUS\s+AGE\s+web\s+web\s+1\.0\.0\s+1\s+True\s+web 1\.0\.0/);
  });

  it('is an ordinary release to stock helm', async () => {
    const digest = await site.pushSmall('plain', 'stable', '1.0.0', { 'templates/NOTES.txt': 'Have fun with {{ .Release.Name }}.' });
    await site.release('plain', { chart: site.reference('plain', 'stable'), values: { greeting: 'servus' } });
    await site.ready('plain', 1);
    expect(JSON.parse((await site.helm(['list', '-o', 'json', '--filter', '^plain$'])).stdout)).toMatchObject([
      { name: 'plain', revision: '1', status: 'deployed', chart: 'plain-1.0.0', app_version: '1.0.0' },
    ]);
    const history = JSON.parse((await site.helm(['history', 'plain', '-o', 'json'])).stdout);
    expect(history).toMatchObject([{ revision: 1, status: 'deployed', description: `Install complete: ${site.reference('plain', 'stable')} at ${digest}` }]);
    expect((await site.helm(['get', 'values', 'plain', '-o', 'json'])).stdout.trim()).toBe('{"greeting":"servus"}');
    expect((await site.helm(['get', 'all', 'plain'])).stdout).toContain('greeting: "servus"');
    expect((await site.helm(['status', 'plain'])).stdout).toContain('Have fun with plain.');
  });

  it('follows the tag to a new digest', async () => {
    await site.pushSmall('moving', 'stable', '1.0.0');
    await site.release('moving', { chart: site.reference('moving', 'stable') });
    const before = await site.ready('moving', 1);
    const digest = await site.pushSmall('moving', 'stable', '1.1.0');
    await site.lookNow('moving');
    const status = await site.ready('moving', 2);
    expect(status.chart?.digest).toBe(digest);
    expect(status.history).toMatchObject([
      { revision: 2, digest, action: 'upgrade', trigger: 'DigestChanged', outcome: 'deployed' },
      { revision: 1, digest: before.chart?.digest, outcome: 'superseded' },
    ]);
    expect(await site.configMap('moving')).toEqual({ greeting: 'hello', version: '1.1.0' });
    const events = (await site.kubectl(['events', '--for', 'chartrelease/moving', '-o', 'json'])).stdout;
    expect(JSON.parse(events).items).toMatchObject([
      { reason: 'InstallSucceeded', type: 'Normal' },
      { reason: 'UpgradeSucceeded', type: 'Normal' },
    ]);
  });

  it('sees a moved tag within one poll, without being asked', async () => {
    await site.pushSmall('polled', 'stable', '1.0.0');
    await site.release('polled', { chart: site.reference('polled', 'stable'), interval: '10s' });
    await site.ready('polled', 1);
    await site.pushSmall('polled', 'stable', '2.0.0');
    expect((await site.ready('polled', 2)).chart?.version).toBe('2.0.0');
  });

  it('upgrades when values change, also by a digit that JavaScript would lose', async () => {
    await site.pushSmall('valued', 'stable', '1.0.0');
    await site.release('valued', { chart: site.reference('valued', 'stable'), values: { id: 9007199254740992 } });
    await site.ready('valued', 1);
    await site.kubectl(['patch', 'crel', 'valued', '--type=merge', '--patch', '{"spec":{"values":{"id":9007199254740993,"greeting":"moin"}}}']);
    expect((await site.ready('valued', 2)).history?.[0]).toMatchObject({ action: 'upgrade', trigger: 'SpecChanged' });
    expect(await site.configMap('valued')).toMatchObject({ greeting: 'moin' });
    await site.kubectl(['patch', 'crel', 'valued', '--type=merge', '--patch', '{"spec":{"values":{"id":9007199254740992}}}']);
    await site.ready('valued', 3);
  });

  it('lets a person roll back with stock helm, says so, and goes on when the tag moves', async () => {
    await site.pushSmall('rolled', 'stable', '1.0.0');
    await site.release('rolled', { chart: site.reference('rolled', 'stable') });
    await site.ready('rolled', 1);
    await site.pushSmall('rolled', 'stable', '2.0.0');
    await site.lookNow('rolled');
    await site.ready('rolled', 2);
    await site.helm(['rollback', 'rolled', '1']);
    const status = await site.ready('rolled', 3);
    expect(status.history?.[0]).toMatchObject({ revision: 3, chartVersion: '1.0.0', action: 'rollback', trigger: 'ChangedByHand' });
    expect(conditionIn(status, 'Drifted')).toMatchObject({ status: 'True', reason: 'ChangedByHand', message: expect.stringContaining('Rollback to 1') });
    expect(await site.configMap('rolled')).toMatchObject({ version: '1.0.0' });
    await site.pushSmall('rolled', 'stable', '3.0.0');
    await site.lookNow('rolled');
    expect((await site.ready('rolled', 4)).history?.[0]).toMatchObject({ revision: 4, chartVersion: '3.0.0', trigger: 'DigestChanged' });
    expect(JSON.parse((await site.helm(['history', 'rolled', '-o', 'json'])).stdout)).toMatchObject([
      {},
      {},
      { status: 'superseded', description: 'Rollback to 1' },
      { status: 'deployed' },
    ]);
    expect(await site.configMap('rolled')).toMatchObject({ version: '3.0.0' });
    await site.remove('rolled');
    await site.eventually('the ChartRelease is gone', async () => (await site.seen('rolled')) === undefined);
    await expect(site.helm(['history', 'rolled'])).rejects.toThrow('not found');
  });

  it('knows its release again after helm test has rewritten the record, and uninstalls it', async () => {
    const test =
      'apiVersion: v1\nkind: Pod\nmetadata:\n  name: tested-test\n  annotations: {helm.sh/hook: test}\nspec:\n  restartPolicy: Never\n  containers: [{name: test, image: registry.invalid/test}]\n';
    await site.pushSmall('tested', 'stable', '1.0.0', { 'templates/test.yaml': test });
    await site.release('tested', { chart: site.reference('tested', 'stable') });
    await site.ready('tested', 1);
    await site.helm(['test', 'tested']);
    await site.lookNow('tested');
    await site.reaches('tested', 'looked at', ({ lastHandledReconcileAt }) => lastHandledReconcileAt !== undefined);
    expect(await site.ready('tested', 1)).toMatchObject({ chart: { version: '1.0.0' }, history: [{ revision: 1, trigger: 'Created' }] });
    await site.remove('tested');
    await site.eventually('the ChartRelease is gone', async () => (await site.seen('tested')) === undefined);
    expect(await site.configMap('tested')).toBeUndefined();
    await expect(site.helm(['history', 'tested'])).rejects.toThrow('not found');
  });

  it('sees that an object is ready whose change left its health as it was', async () => {
    // Metadata alone: no new generation, so the watch brings a change of resourceVersion and nothing else.
    const relabelled = DEPLOYMENT.replace('name: {{ .Release.Name }}\nspec:', 'name: {{ .Release.Name }}\n  labels: {chart: {{ .Chart.Version | quote }}}\nspec:')
      .replace('annotations: {version: {{ .Chart.Version | quote }}}', '')
      .replace('web:{{ .Chart.Version }}', 'web');
    await site.pushSmall('label', 'stable', '1.0.0', { 'templates/deployment.yaml': relabelled });
    await site.release('label', { chart: site.reference('label', 'stable') });
    await site.ready('label', 1);
    await site.pushSmall('label', 'stable', '1.0.1', { 'templates/deployment.yaml': relabelled });
    await site.lookNow('label');
    await site.ready('label', 2);
    expect(await site.object('apps/v1/deployments/label')).toMatchObject({ metadata: { generation: 1, labels: { chart: '1.0.1' } } });
  });

  it('writes nothing when nothing changed', async () => {
    await site.pushSmall('still', 'stable', '1.0.0');
    await site.release('still', { chart: site.reference('still', 'stable') });
    await site.ready('still', 1);
    const ours = async () => (await site.writes()).filter((write) => write.includes('still'));
    const before = await ours();
    await site.pushSmall('still', 'other', '1.0.0');
    await site.lookNow('still');
    await site.reaches('still', 'the wish was seen', (status) => status.lastHandledReconcileAt !== undefined);
    // The wish itself is acknowledged in status: one write, and no other.
    expect((await ours()).slice(before.length)).toEqual([expect.stringMatching(/^patch .*\/chartreleases\/still\/status/)]);
  });

  describe('an object whose bytes the new revision leaves as they were', () => {
    const labels = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}-fixed}\ndata: {colour: blue}\n';
    /** Writes to the object of this name, from now on. */
    const writesTo = async (name: string) => {
      const ours = async () => (await site.writes()).filter((write) => write.includes(`/configmaps/${name}?`));
      const before = (await ours()).length;
      return async () => (await ours()).length - before;
    };
    const changeValues = (name: string, greeting: string) => site.kubectl(['patch', 'crel', name, '--type=merge', '--patch', `{"spec":{"values":{"greeting":"${greeting}"}}}`]);

    it('is not sent', async () => {
      await site.pushSmall('partly', 'stable', '1.0.0', { 'templates/fixed.yaml': labels });
      await site.release('partly', { chart: site.reference('partly', 'stable') });
      await site.ready('partly', 1);
      const [fixed, changed] = [await writesTo('partly-fixed'), await writesTo('partly')];
      await changeValues('partly', 'moin');
      await site.ready('partly', 2);
      expect(await site.configMap('partly')).toMatchObject({ greeting: 'moin' });
      expect([await fixed(), await changed()]).toEqual([0, 1]);
    });

    const redden = (name: string) => site.kubectl(['patch', 'configmap', name, '--type=merge', '--patch', '{"data":{"colour":"red"}}']);

    it.each([
      ['changed', redden],
      ['emptied', (name: string) => site.kubectl(['patch', 'configmap', name, '--type=merge', '--patch', '{"data":null}'])],
      ['relabelled', (name: string) => site.kubectl(['label', 'configmap', name, 'tagalong.dev/name=other', '--overwrite'])],
      ['deleted', (name: string) => site.kubectl(['delete', 'configmap', name])],
      ['replaced', (name: string) => site.kubectl(['replace', '--force', '--filename', '-'], `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {colour: blue}\n`)],
    ])('is sent when somebody has %s it', async (how, edit) => {
      await site.pushSmall(how, 'stable', '1.0.0', { 'templates/fixed.yaml': labels });
      await site.release(how, { chart: site.reference(how, 'stable') });
      await site.ready(how, 1);
      await edit(`${how}-fixed`);
      await changeValues(how, 'moin');
      await site.ready(how, 2);
      expect(await site.configMap(`${how}-fixed`)).toEqual({ colour: 'blue' });
      expect(await site.object(`configmaps/${how}-fixed`)).toMatchObject({ metadata: { labels: { 'tagalong.dev/name': how } } });
    });

    it('is sent when somebody has changed it, also where nobody wants to know of drift', async () => {
      await site.pushSmall('ignored', 'stable', '1.0.0', { 'templates/fixed.yaml': labels });
      await site.release('ignored', { chart: site.reference('ignored', 'stable'), drift: { mode: 'Ignore' } });
      await site.ready('ignored', 1);
      await redden('ignored-fixed');
      await changeValues('ignored', 'moin');
      await site.ready('ignored', 2);
      expect(await site.configMap('ignored-fixed')).toEqual({ colour: 'blue' });
    });
  });

  it('prunes what the chart dropped, keeps what says so, and brings CRDs', async () => {
    const definition = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.${site.namespace}.test}
spec:
  group: ${site.namespace}.test
  scope: Namespaced
  names: {kind: Widget, plural: widgets, singular: widget}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]
`;
    const kept = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: pruning-kept\n  annotations: {helm.sh/resource-policy: keep}\n';
    const widget = `apiVersion: ${site.namespace}.test/v1\nkind: Widget\nmetadata: {name: one}\n`;
    const dropped = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: pruning-dropped}\n';
    await site.pushSmall('pruning', 'stable', '1.0.0', {
      'templates/kept.yaml': kept,
      'templates/dropped.yaml': dropped,
      'templates/widget.yaml': widget,
      'crds/widget.yaml': definition,
    });
    await site.release('pruning', { chart: site.reference('pruning', 'stable') });
    await site.ready('pruning', 1);
    expect(await site.configMap('pruning-dropped')).toEqual({});
    expect(await site.read(`/apis/${site.namespace}.test/v1/namespaces/${site.namespace}/widgets/one`)).toBeDefined();
    await site.pushSmall('pruning', 'stable', '2.0.0');
    await site.lookNow('pruning');
    await site.ready('pruning', 2);
    expect(await site.configMap('pruning-dropped')).toBeUndefined();
    expect(await site.configMap('pruning-kept')).toEqual({});
    expect(await site.read(`/apis/${site.namespace}.test/v1/namespaces/${site.namespace}/widgets/one`)).toBeUndefined();
    expect(await site.read(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.${site.namespace}.test`)).toBeDefined();
  });

  it('uninstalls everything when the ChartRelease goes', async () => {
    await site.pushSmall('leaving', 'stable', '1.0.0', { 'templates/deployment.yaml': DEPLOYMENT });
    await site.release('leaving', { chart: site.reference('leaving', 'stable') });
    await site.ready('leaving', 1);
    await site.remove('leaving');
    await site.eventually('ChartRelease leaving is gone', async () => (await site.seen('leaving')) === undefined);
    expect(await site.configMap('leaving')).toBeUndefined();
    await site.eventually('its Deployment is gone', async () => (await site.object('apps/v1/deployments/leaving')) === undefined);
    await expect(site.helm(['status', 'leaving'])).rejects.toThrow('not found');
  });

  it('uninstalls what never became ready, too', async () => {
    const pod =
      'apiVersion: v1\nkind: Pod\nmetadata:\n  name: stillborn\n  annotations: {lab.tagalong.dev/play: not-ready}\nspec:\n  containers: [{name: web, image: registry.invalid/web}]\n';
    await site.pushSmall('stillborn', 'stable', '1.0.0', { 'templates/pod.yaml': pod });
    await site.release('stillborn', { chart: site.reference('stillborn', 'stable') });
    const status = await site.reaches('stillborn', 'waiting', (seen) => seen.conditions?.[0]?.reason === 'Progressing');
    expect(status.releases).toEqual([{ namespace: site.namespace, releaseName: 'stillborn' }]);
    await site.remove('stillborn');
    await site.eventually('the ChartRelease is gone', async () => (await site.seen('stillborn')) === undefined);
    expect(await site.configMap('stillborn')).toBeUndefined();
    await site.eventually('its Pod is gone', async () => (await site.object('pods/stillborn')) === undefined);
    await expect(site.helm(['history', 'stillborn'])).rejects.toThrow('not found');
  });

  it('moves two releases that follow one tag, and only those', async () => {
    await site.pushSmall('shared', 'stable', '1.0.0');
    await site.pushSmall('apart', 'stable', '1.0.0');
    for (const name of ['shared-a', 'shared-b']) await site.release(name, { chart: site.reference('shared', 'stable') });
    await site.release('apart', { chart: site.reference('apart', 'stable') });
    for (const name of ['shared-a', 'shared-b', 'apart']) await site.ready(name, 1);
    await site.pushSmall('shared', 'stable', '2.0.0');
    await site.lookNow('shared-a');
    for (const name of ['shared-a', 'shared-b']) expect((await site.ready(name, 2)).chart?.version).toBe('2.0.0');
    expect((await site.ready('apart', 1)).chart?.version).toBe('1.0.0');
  });

  it('moves to another release name and namespace, and leaves nothing behind', async () => {
    const elsewhere = `${site.namespace}-elsewhere`;
    await site.addNamespace(elsewhere);
    await site.pushSmall('nomad', 'stable', '1.0.0');
    await site.release('nomad', { chart: site.reference('nomad', 'stable') });
    await site.ready('nomad', 1);
    await site.release('nomad', { chart: site.reference('nomad', 'stable'), releaseName: 'settled', targetNamespace: elsewhere });
    await site.reaches('nomad', 'moved', (status) => status.releases?.length === 1 && status.releases[0]?.releaseName === 'settled');
    expect(await site.configMap('settled', elsewhere)).toMatchObject({ greeting: 'hello' });
    expect(await site.configMap('nomad')).toBeUndefined();
    await expect(site.helm(['status', 'nomad'])).rejects.toThrow('not found');
    await site.remove('nomad');
    await site.eventually('the moved release is gone', async () => (await site.seen('nomad')) === undefined);
    expect(await site.configMap('settled', elsewhere)).toBeUndefined();
  });

  it('keeps neither records nor objects of one failure after another', async () => {
    const stuck = (nth: number) => ({
      'templates/pod.yaml':
        'apiVersion: v1\nkind: Pod\nmetadata:\n  name: failing\n  annotations: {lab.tagalong.dev/play: not-ready}\nspec:\n  containers: [{name: web, image: registry.invalid/web}]\n',
      'templates/nth.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: failing-${nth}}\n`,
    });
    await site.pushSmall('failing', 'stable', '1.0.0');
    await site.release('failing', { chart: site.reference('failing', 'stable'), timeout: '1s', historyLimit: 2, onFailure: 'Keep' });
    await site.ready('failing', 1);
    for (const nth of [2, 3, 4, 5]) {
      await site.pushSmall('failing', 'stable', `1.0.${nth}`, stuck(nth));
      await site.lookNow('failing');
      await site.reaches('failing', `revision ${nth} failed`, ({ history }) => history?.[0]?.revision === nth && history[0].outcome === 'failed');
    }
    const status = (await site.seen('failing'))?.status;
    expect(status?.revision).toBe(1);
    expect(status?.history?.map(({ revision }) => revision)).toEqual([5, 4, 1]);
    expect(await site.configMap('failing-2')).toBeUndefined();
    expect(await site.configMap('failing-5')).toEqual({});
    await site.pushSmall('failing', 'stable', '2.0.0');
    await site.lookNow('failing');
    await site.ready('failing', 6);
    for (const nth of [3, 4, 5]) expect(await site.configMap(`failing-${nth}`)).toBeUndefined();
  });

  it('goes back to the release name it came from, with its objects as they should be', async () => {
    const shared = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: back-shared}\ndata: {owner: {{ .Release.Name }}}\n';
    const stuck =
      'apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Release.Name }}\n  annotations: {lab.tagalong.dev/play: {{ eq .Release.Name "other" | ternary "not-ready" "ready" }}}\nspec:\n  containers: [{name: web, image: registry.invalid/web}]\n';
    await site.pushSmall('back', 'stable', '1.0.0', { 'templates/shared.yaml': shared, 'templates/pod.yaml': stuck });
    const chart = site.reference('back', 'stable');
    await site.release('back', { chart });
    await site.ready('back', 1);
    await site.release('back', { chart, releaseName: 'other' });
    await site.eventually('the other release has the object', async () => (await site.configMap('back-shared'))?.['owner'] === 'other');
    await site.release('back', { chart, releaseName: 'back' });
    await site.reaches('back', 'back at its release', ({ releases, revision }) => revision === 2 && releases?.length === 1 && releases[0]?.releaseName === 'back');
    expect(await site.configMap('back-shared')).toEqual({ owner: 'back' });
    await site.eventually('the Pod of the other release is gone', async () => (await site.object('pods/other')) === undefined);
    await expect(site.helm(['history', 'other'])).rejects.toThrow('not found');
  });

  it('puts a finalizer back that somebody took away', async () => {
    await site.pushSmall('final', 'stable', '1.0.0');
    await site.release('final', { chart: site.reference('final', 'stable') });
    await site.ready('final', 1);
    await site.kubectl(['patch', 'crel', 'final', '--type=merge', '--patch', '{"metadata":{"finalizers":[]}}']);
    const finalizers = async () => ((await site.seen('final')) as { readonly metadata: { readonly finalizers?: readonly string[] } } | undefined)?.metadata.finalizers;
    await site.eventually('the finalizer is back', async () => (await finalizers())?.length === 1);
  });

  it('upgrades to a chart whose CRD has got another version', async () => {
    const definition = (versions: string) => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gears.${site.namespace}.test}
spec:
  group: ${site.namespace}.test
  scope: Namespaced
  names: {kind: Gear, plural: gears, singular: gear}
  versions: [${versions}]
`;
    const version = (name: string, storage: boolean) => `{name: ${name}, served: true, storage: ${storage}, schema: {openAPIV3Schema: {type: object}}}`;
    await site.pushSmall('gears', 'stable', '1.0.0', { 'crds/gear.yaml': definition(version('v1', true)) });
    await site.release('gears', { chart: site.reference('gears', 'stable') });
    await site.ready('gears', 1);
    await site.pushSmall('gears', 'stable', '2.0.0', { 'crds/gear.yaml': definition(`${version('v1', true)}, ${version('v2', false)}`) });
    await site.lookNow('gears');
    await site.ready('gears', 2);
  });

  it('installs a Pod together with the ServiceAccount that it wants', async () => {
    const account = 'apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: company}\n';
    const pod = 'apiVersion: v1\nkind: Pod\nmetadata: {name: company}\nspec:\n  serviceAccountName: company\n  containers: [{name: web, image: registry.invalid/web}]\n';
    await site.pushSmall('company', 'stable', '1.0.0', { 'templates/account.yaml': account, 'templates/pod.yaml': pod });
    await site.release('company', { chart: site.reference('company', 'stable') });
    await site.ready('company', 1);
  });

  it('reports progress while objects are not ready, and failure after the timeout, and recovers by itself', async () => {
    const pod = (play: string) =>
      `apiVersion: v1\nkind: Pod\nmetadata:\n  name: slow\n  annotations: {lab.tagalong.dev/play: ${play}}\nspec:\n  containers: [{name: web, image: registry.invalid/web}]\n`;
    await site.pushSmall('slow', 'stable', '1.0.0', { 'templates/pod.yaml': pod('not-ready') });
    await site.release('slow', { chart: site.reference('slow', 'stable'), timeout: '8s' });
    const status = await site.reaches('slow', 'Reconciling', (seen) => seen.conditions?.some(({ type }) => type === 'Reconciling') ?? false);
    expect(status.conditions).toMatchObject([
      { type: 'Ready', status: 'Unknown', reason: 'Progressing', message: expect.stringContaining(`Pod ${site.namespace}/slow`) },
      { type: 'Reconciling', status: 'True' },
    ]);
    expect(await site.fails('slow', 'InstallFailed')).toContain('was not ready within 8s');
    await site.pushSmall('slow', 'stable', '1.0.1');
    await site.lookNow('slow');
    expect((await site.ready('slow', 2)).history).toMatchObject([
      { revision: 2, action: 'install', outcome: 'deployed' },
      { revision: 1, outcome: 'failed' },
    ]);
  });
});
