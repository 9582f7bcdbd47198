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

describe.concurrent('values from other objects', () => {
  const PRINTS = {
    'templates/values.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "{{ .Release.Name }}-values"}\ndata:\n  values: {{ omit .Values "global" | toJson | quote }}\n',
  };
  const given = async (name: string) => JSON.parse((await site.configMap(`${name}-values`))?.['values'] ?? 'null') as unknown;
  const put = (kind: 'ConfigMap' | 'Secret', name: string, texts: Readonly<Record<string, string>>) =>
    site.kubectl(['apply', '--server-side', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind, metadata: { name }, [kind === 'Secret' ? 'stringData' : 'data']: texts }));

  it('are merged in order, below those of the spec, and followed at once', async () => {
    await site.pushSmall('merged', 'stable', '1.0.0', { ...PRINTS, 'values.yaml': 'greeting: hello\ndropped: 1\n' });
    await put('ConfigMap', 'merged-base', { 'values.yaml': 'greeting: base\ndropped: null\nmode: 0644\nbig: 12345678901234567890\nnested: {a: 1, b: 1}\n' });
    await put('Secret', 'merged-login', { 'more.yaml': 'nested: {b: 2}\n', password: 'pa,ss={' });
    const valuesFrom = [
      { kind: 'ConfigMap', name: 'merged-base' },
      { kind: 'Secret', name: 'merged-login', valuesKey: 'more.yaml' },
      { kind: 'Secret', name: 'merged-login', valuesKey: 'password', targetPath: 'nested.password', literal: true },
      { kind: 'ConfigMap', name: 'merged-none', optional: true },
    ];
    await site.release('merged', { chart: site.reference('merged', 'stable'), valuesFrom, values: { nested: { a: 3 } } });
    await site.ready('merged', 1);
    expect(await given('merged')).toEqual({ greeting: 'base', mode: 420, big: 12345678901234567000, nested: { a: 3, b: 2, password: 'pa,ss={' } });
    expect((await site.helm(['get', 'values', 'merged', '-o', 'json'])).stdout).toContain('"password":"pa,ss={"');
    await put('Secret', 'merged-login', { 'more.yaml': 'nested: {b: 4}\n', password: 'other' });
    const status = await site.ready('merged', 2);
    expect(status.history?.[0]).toMatchObject({ action: 'upgrade', trigger: 'ValuesChanged' });
    expect(await given('merged')).toMatchObject({ nested: { a: 3, b: 4, password: 'other' } });
    await put('ConfigMap', 'merged-none', { 'values.yaml': 'appeared: true' });
    await site.ready('merged', 3);
    expect(await given('merged')).toMatchObject({ appeared: true });
    await site.kubectl(['label', 'configmap', 'merged-base', 'touched=yes']);
    await put('ConfigMap', 'merged-base', { 'values.yaml': 'greeting: again\n' });
    await site.ready('merged', 4);
    expect(await given('merged')).toMatchObject({ greeting: 'again' });
  });

  it('leave what runs alone while they are missing or cannot be read, and go on by themselves', async () => {
    await site.pushSmall('lacking', 'stable', '1.0.0', PRINTS);
    const spec = { chart: site.reference('lacking', 'stable'), valuesFrom: [{ kind: 'Secret', name: 'lacking-values' }] };
    await site.release('lacking', spec);
    expect(await site.fails('lacking', 'ValuesNotFound')).toBe(
      `spec.valuesFrom: Secret ${site.namespace}/lacking-values does not exist; create it, or make the reference optional`,
    );
    await put('Secret', 'lacking-values', { other: 'a: 1' });
    await site.reaches('lacking', 'that the key is missing', (status) => conditionIn(status, 'Ready')?.message.includes('has no key values.yaml') ?? false);
    await put('Secret', 'lacking-values', { 'values.yaml': 'greeting: good' });
    await site.ready('lacking', 1);
    for (const broken of ['hunter2: {\nhunter2', '[hunter2]', 'hunter2']) {
      await put('Secret', 'lacking-values', { 'values.yaml': broken });
      const message = await site.fails('lacking', 'ValuesInvalid');
      expect(message).toMatch(new RegExp(`cannot read Secret ${site.namespace}/lacking-values, key values.yaml: it is no YAML map.*; revision 1 .* keeps running$`));
      expect(message).not.toContain('hunter2');
    }
    expect(await given('lacking')).toEqual({ greeting: 'good' });
    await put('Secret', 'lacking-values', { 'values.yaml': 'greeting: better' });
    await site.ready('lacking', 2);
    await site.kubectl(['delete', 'secret', 'lacking-values']);
    expect(await site.fails('lacking', 'ValuesNotFound')).toMatch(/does not exist; .*; revision 2 .* keeps running$/);
    expect(await given('lacking')).toEqual({ greeting: 'better' });
    expect(site.operator.log().join('')).not.toContain('hunter2');
  });

  it('do not keep a revision under way from its end when they go', async () => {
    const pod = 'apiVersion: v1\nkind: Pod\nmetadata: {name: waiting}\nspec:\n  schedulerName: nobody\n  containers: [{name: x, image: registry.invalid/x}]\n';
    await site.pushSmall('begun', 'stable', '1.0.0', { 'templates/pod.yaml': pod });
    await put('ConfigMap', 'begun-values', { 'values.yaml': 'greeting: given' });
    await site.release('begun', { chart: site.reference('begun', 'stable'), valuesFrom: [{ kind: 'ConfigMap', name: 'begun-values' }] });
    await site.eventually('the revision is under way', async () => (await site.object('pods/waiting')) !== undefined);
    await site.kubectl(['delete', 'configmap', 'begun-values']);
    await site.reaches(
      'begun',
      'on its way, without its values',
      (status) => conditionIn(status, 'FetchFailed')?.reason === 'ValuesNotFound' && conditionIn(status, 'Ready')?.status === 'Unknown',
    );
    const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'waiting' }, target: { apiVersion: 'v1', kind: 'Node', name: 'kwok-node' } };
    await site.ask('POST', `/api/v1/namespaces/${site.namespace}/pods/waiting/binding`, binding);
    await site.reaches('begun', 'deployed', (status) => status.revision === 1);
    expect(await site.configMap('begun')).toMatchObject({ greeting: 'given' });
  });

  it('are refused where a value is to be literal and has no path', async () => {
    const valuesFrom = [{ kind: 'Secret', name: 'x', literal: true }];
    await expect(site.release('wrong', { chart: 'r.invalid/a:1', valuesFrom })).rejects.toThrow('literal needs a targetPath');
  });
});

describe.concurrent('releases that depend on others', () => {
  it('become ready in order, each soon after the one before it', async () => {
    const names = ['chain-0', 'chain-1', 'chain-2', 'chain-3', 'chain-4'];
    await site.pushSmall('chain', 'stable', '1.0.0');
    const spec = { chart: site.reference('chain', 'stable') };
    for (const [index, name] of names.entries()) if (index > 0) await site.release(name, { ...spec, dependsOn: [{ name: names[index - 1] }] });
    const message = await site.fails('chain-1', 'DependencyNotReady');
    expect(message).toBe(`waits for its dependencies: ChartRelease ${site.namespace}/chain-0 does not exist, or is in a namespace that is not watched`);
    await site.reaches('chain-4', 'waiting for chain-3, which waits', (status) =>
      (conditionIn(status, 'Ready')?.message ?? '').includes(`ChartRelease ${site.namespace}/chain-3 is not ready (DependencyNotReady)`),
    );
    await site.release('chain-0', spec);
    for (const name of names) await site.ready(name, 1);
    // Nobody looks again by himself: whoever was opened was woken by the one before.
    const opened = site.operator.log().flatMap((line) => /"name":"(chain-\d)".*"(?:opened install|deployed)/.exec(line)?.[1] ?? []);
    expect(opened).toEqual(names.flatMap((name) => [name, name]));
  });

  it('are not disturbed when one of those fails later, and wait with the next revision', async () => {
    await site.pushSmall('below', 'stable', '1.0.0');
    await site.pushSmall('above', 'stable', '1.0.0');
    await site.release('below', { chart: site.reference('below', 'stable') });
    await site.release('above', { chart: site.reference('above', 'stable'), dependsOn: [{ name: 'below', namespace: site.namespace }] });
    await site.ready('above', 1);
    await patch('below', { chart: site.reference('below', 'missing') });
    await site.fails('below', 'ChartNotFound');
    await site.lookNow('above');
    await site.reaches('above', 'looked at, and Ready', (status) => status.lastHandledReconcileAt !== undefined && conditionIn(status, 'Ready')?.status === 'True');
    await patch('above', { values: { greeting: 'next' } });
    expect(await site.fails('above', 'DependencyNotReady')).toMatch(/below is not ready \(ChartNotFound\); revision 1 \(above 1\.0\.0\) keeps running$/);
    await patch('below', { chart: site.reference('below', 'stable') });
    await site.ready('above', 2);
  });

  it('say so when they lead back to themselves, and go on when they do not any more', async () => {
    await site.pushSmall('round', 'stable', '1.0.0');
    const spec = { chart: site.reference('round', 'stable') };
    await site.release('round-a', { ...spec, dependsOn: [{ name: 'round-b' }] });
    await site.release('round-b', { ...spec, dependsOn: [{ name: 'round-a' }] });
    const [a, b] = [`${site.namespace}/round-a`, `${site.namespace}/round-b`];
    expect(await site.fails('round-a', 'DependencyCycle')).toContain(`${a} -> ${b} -> ${a}`);
    expect(await site.fails('round-b', 'DependencyCycle')).toContain(`${b} -> ${a} -> ${b}`);
    await patch('round-b', { dependsOn: null });
    for (const name of ['round-a', 'round-b']) await site.ready(name, 1);
  });
});
