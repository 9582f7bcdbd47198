import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conditionIn, openSite, type Site } from './site.ts';

let site: Site;
beforeAll(async () => {
  site = await openSite('damaged');
});
afterAll(() => site.close());

const extra = (letter: string) => ({ 'templates/extra.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "{{ .Release.Name }}-${letter}"}\n` });
const push = (name: string, version: string, letter: string) => site.pushSmall(name, 'stable', version, extra(letter));

/** A release at revision 2, whose two revisions have each an object of their own: `-a` is gone, `-b` is there. */
const atTwo = async (name: string) => {
  await push(name, '1.0.0', 'a');
  await site.release(name, { chart: site.reference(name, 'stable') });
  await site.ready(name, 1);
  await push(name, '2.0.0', 'b');
  await site.lookNow(name);
  await site.ready(name, 2);
};

const upgrade = async (name: string, version: string, letter: string) => {
  await push(name, version, letter);
  await site.lookNow(name);
};

const runs = (name: string, version: string) =>
  site.reaches(name, `${version} runs`, (status) => status.chart?.version === version && conditionIn(status, 'Ready')?.status === 'True');

const secretOf = (name: string, revision: number) => `sh.helm.release.v1.${name}.v${revision}`;
const patch = (name: string, revision: number, change: object) => site.kubectl(['patch', 'secret', secretOf(name, revision), '--type=merge', '--patch', JSON.stringify(change)]);
const removeRecord = (name: string, revision: number) => site.kubectl(['delete', 'secret', secretOf(name, revision)]);
const isGone = (name: string) => site.eventually(`ChartRelease ${name} is gone`, async () => (await site.seen(name)) === undefined);
const objectsOf = async (name: string) => {
  const names = (await site.kubectl(['get', 'configmaps', '-l', `tagalong.dev/name=${name}`, '-o', 'name'])).stdout.trim().split('\n');
  return names.map((one) => one.replace('configmap/', ''));
};
const recordsOf = async (name: string) => (await site.kubectl(['get', 'secrets', '-l', `owner=helm,name=${name}`, '-o', 'name'])).stdout.trim();
const contentIn = async (name: string, revision: number) => {
  const secret = (await site.object(`secrets/${secretOf(name, revision)}`)) as { readonly data: { readonly release: string } }; // Helm's own shape
  return secret.data.release;
};
const base64 = (text: string) => Buffer.from(text).toString('base64');

type Damage = readonly [how: string, damage: (name: string, revision: number) => Promise<unknown>, words: string];

const DAMAGES: readonly Damage[] = [
  ['garbage', (name, revision) => patch(name, revision, { data: { release: base64('garbage') } }), 'it is no JSON'],
  [
    'truncated',
    async (name, revision) => {
      const helm = Buffer.from(await contentIn(name, revision), 'base64').toString();
      return patch(name, revision, { data: { release: base64(helm.slice(0, Math.floor(helm.length / 2))) } });
    },
    'it cannot be decompressed',
  ],
  ['another', async (name, revision) => patch(name, revision, { data: { release: await contentIn('intact', 1) } }), 'it is of revision 1 of intact'],
  ['emptied', (name, revision) => patch(name, revision, { data: null }), 'it has no key release'],
];

/** Takes every annotation away. */
const strip = async (name: string, revision: number) => {
  const secret = (await site.object(`secrets/${secretOf(name, revision)}`)) as { readonly metadata: { readonly annotations: object } }; // the API's own shape
  return patch(name, revision, { metadata: { annotations: Object.fromEntries(Object.keys(secret.metadata.annotations).map((key) => [key, null])) } });
};

const EDITS: readonly Damage[] = [
  ['bare', strip, ''],
  ['label', (name, revision) => patch(name, revision, { metadata: { labels: { status: 'superseded' } } }), ''],
  ['gone', removeRecord, ''],
];

describe.concurrent('a Helm release record that cannot be read', () => {
  beforeAll(async () => {
    await site.pushSmall('intact', 'stable', '1.0.0');
    await site.release('intact', { chart: site.reference('intact', 'stable') });
    await site.ready('intact', 1);
  });

  it.each(DAMAGES)('is named, and replaced by a new revision, and nothing is lost: %s', async (how, damage, words) => {
    await atTwo(how);
    await damage(how, 2);
    const status = await site.ready(how, 3);
    expect(status.history).toMatchObject([
      { revision: 3, outcome: 'deployed', chartVersion: '2.0.0', trigger: 'ChangedByHand' },
      { revision: 2, outcome: 'superseded', damage: `Secret ${site.namespace}/${secretOf(how, 2)} is no Helm release: ${words}` },
      { revision: 1, outcome: 'superseded' },
    ]);
    expect(await objectsOf(how)).toEqual([how, `${how}-b`]);
    const events = (await site.kubectl(['get', 'events', '-o', 'jsonpath={range .items[?(@.reason=="RecordInvalid")]}{.message}{"\\n"}{end}'])).stdout;
    expect(events).toContain(`the record of revision 2 cannot be read: Secret ${site.namespace}/${secretOf(how, 2)}`);
    expect((await site.helm(['status', how])).stdout).toMatch(/STATUS: deployed\nREVISION: 3\n/);
  });

  it.each(DAMAGES)('is no hindrance to the next upgrade, which prunes what status names: %s', async (how, damage) => {
    const name = `${how}-next`;
    await atTwo(name);
    await damage(name, 2);
    await upgrade(name, '3.0.0', 'c');
    await runs(name, '3.0.0');
    expect(await objectsOf(name)).toEqual([name, `${name}-c`]);
  });

  it.each([...DAMAGES, ...EDITS])('is no hindrance to an uninstall: %s', async (how, damage) => {
    const name = `${how}-end`;
    await atTwo(name);
    await damage(name, 2);
    await site.remove(name);
    await isGone(name);
    expect([await objectsOf(name), await recordsOf(name)]).toEqual([[''], '']);
  });

  it('is left alone where a later one is deployed', async () => {
    await atTwo('older');
    await patch('older', 1, { data: { release: base64('garbage') } });
    await upgrade('older', '3.0.0', 'c');
    expect((await site.ready('older', 3)).history?.[2]).toMatchObject({ revision: 1, outcome: 'superseded', damage: expect.stringContaining('is no Helm release') });
    expect(await objectsOf('older')).toEqual(['older', 'older-c']);
    await site.remove('older');
    await isGone('older');
    expect(await recordsOf('older')).toBe('');
  });

  it('is not gone back to: that is the newest that can be read', async () => {
    const pod =
      'apiVersion: v1\nkind: Pod\nmetadata:\n  name: back\n  annotations: {lab.tagalong.dev/play: not-ready}\nspec:\n  containers: [{name: web, image: registry.invalid/web}]\n';
    await push('back', '1.0.0', 'a');
    await site.release('back', { chart: site.reference('back', 'stable'), timeout: '2s' });
    await site.ready('back', 1);
    await upgrade('back', '2.0.0', 'b');
    await site.ready('back', 2);
    await site.pushSmall('back', 'stable', '3.0.0', { 'templates/pod.yaml': pod });
    await site.lookNow('back');
    await site.eventually('revision 3 is under way', async () => (await site.object('pods/back')) !== undefined);
    await patch('back', 2, { data: { release: base64('garbage') } });
    const status = await site.reaches('back', 'rolled back', ({ history }) => history?.[0]?.action === 'rollback' && history[0].outcome === 'deployed');
    expect(status.history).toMatchObject([
      { revision: 4, chartVersion: '1.0.0' },
      { revision: 3, outcome: 'failed' },
      { revision: 2, damage: expect.any(String) },
      { revision: 1 },
    ]);
    expect(await objectsOf('back')).toEqual(['back', 'back-a']);
    expect(await site.object('pods/back')).toBeUndefined();
  });

  it('is of a revision under way: another one takes its place', async () => {
    const pod =
      'apiVersion: v1\nkind: Pod\nmetadata:\n  name: under-way\n  annotations: {lab.tagalong.dev/play: not-ready}\nspec:\n  containers: [{name: web, image: registry.invalid/web}]\n';
    await push('under-way', '1.0.0', 'a');
    await site.release('under-way', { chart: site.reference('under-way', 'stable') });
    await site.ready('under-way', 1);
    await site.pushSmall('under-way', 'stable', '2.0.0', { 'templates/pod.yaml': pod });
    await site.lookNow('under-way');
    await site.reaches('under-way', 'waiting', (status) => conditionIn(status, 'Ready')?.reason === 'Progressing');
    await patch('under-way', 2, { data: { release: base64('garbage') } });
    await site.lookNow('under-way');
    await site.eventually('revision 3 is under way', async () => (await site.object(`secrets/${secretOf('under-way', 3)}`)) !== undefined);
    await site.kubectl(['patch', 'pod', 'under-way', '--subresource=status', '--type=strategic', '--patch', '{"status":{"conditions":[{"type":"Ready","status":"True"}]}}']);
    expect((await site.ready('under-way', 3)).history).toMatchObject([
      { revision: 3, outcome: 'deployed' },
      { revision: 2, outcome: 'failed', damage: expect.stringContaining('is no Helm release') },
      { revision: 1, outcome: 'superseded' },
    ]);
  });
});

describe.concurrent('a Helm release record of which somebody', () => {
  it.each(['superseded', 'failed', 'pending-upgrade', 'unknown', 'nonsense', 'uninstalled'])('has edited the status: %s', async (label) => {
    const name = `label-${label}`;
    await atTwo(name);
    await patch(name, 2, { metadata: { labels: { status: label } } });
    await site.lookNow(name);
    await site.reaches(name, 'deployed again', ({ history, conditions }) => history?.[0]?.outcome === 'deployed' && conditions?.[0]?.status === 'True');
    expect(await objectsOf(name)).toEqual([name, `${name}-b`]);
    await upgrade(name, '3.0.0', 'c');
    await runs(name, '3.0.0');
    expect(await objectsOf(name)).toEqual([name, `${name}-c`]);
  });

  it('has taken our notes away', async () => {
    await atTwo('bare');
    await strip('bare', 2);
    await site.lookNow('bare');
    await site.reaches('bare', 'looked at', ({ lastHandledReconcileAt }) => lastHandledReconcileAt !== undefined);
    expect((await site.ready('bare', 2)).history?.[0]).toMatchObject({ revision: 2, chartVersion: '2.0.0', outcome: 'deployed' });
    expect(await objectsOf('bare')).toEqual(['bare', 'bare-b']);
    await upgrade('bare', '3.0.0', 'c');
    expect((await site.ready('bare', 3)).history?.[0]).toMatchObject({ chartVersion: '3.0.0' });
    expect(await objectsOf('bare')).toEqual(['bare', 'bare-c']);
  });
});

describe.concurrent('a Helm release record that somebody deletes', () => {
  it('and was deployed: the release is brought up to date, and what status names is pruned', async () => {
    await atTwo('newest');
    await removeRecord('newest', 2);
    await upgrade('newest', '3.0.0', 'c');
    await runs('newest', '3.0.0');
    expect(await objectsOf('newest')).toEqual(['newest', 'newest-c']);
  });

  it('with all the others: what runs stays, and is a release again', async () => {
    await atTwo('all');
    const before = await site.object('configmaps/all-b');
    await removeRecord('all', 1);
    await removeRecord('all', 2);
    expect((await site.ready('all', 1)).history).toMatchObject([{ revision: 1, chartVersion: '2.0.0', outcome: 'deployed' }]);
    expect(await site.object('configmaps/all-b')).toMatchObject({ metadata: { uid: (before as { readonly metadata: { readonly uid: string } } | undefined)?.metadata.uid } }); // the API's own shape
    expect(await objectsOf('all')).toEqual(['all', 'all-b']);
  });

  it('with all the others, and then the ChartRelease: what status names goes', async () => {
    await atTwo('all-end');
    await removeRecord('all-end', 1);
    await removeRecord('all-end', 2);
    await site.remove('all-end');
    await isGone('all-end');
    expect(await objectsOf('all-end')).toEqual(['']);
  });

  it('while it is pending: the revision begins again', async () => {
    const pod =
      'apiVersion: v1\nkind: Pod\nmetadata:\n  name: pending\n  annotations: {lab.tagalong.dev/play: not-ready}\nspec:\n  containers: [{name: web, image: registry.invalid/web}]\n';
    await site.pushSmall('pending', 'stable', '1.0.0', { 'templates/pod.yaml': pod });
    await site.release('pending', { chart: site.reference('pending', 'stable') });
    await site.reaches('pending', 'waiting', (status) => conditionIn(status, 'Ready')?.reason === 'Progressing');
    await removeRecord('pending', 1);
    await site.kubectl(['patch', 'pod', 'pending', '--subresource=status', '--type=strategic', '--patch', '{"status":{"conditions":[{"type":"Ready","status":"True"}]}}']);
    expect((await site.ready('pending', 1)).history).toMatchObject([{ revision: 1, action: 'install', outcome: 'deployed' }]);
  });
});

describe.concurrent('a release that somebody uninstalls with helm', () => {
  it.each<readonly [string, readonly string[], number]>([
    ['without a trace', [], 1],
    ['keeping its history', ['--keep-history'], 3],
  ])('is installed again: %s', async (_, flags, revision) => {
    const name = `by-hand-${revision}`;
    await atTwo(name);
    await site.helm(['uninstall', name, ...flags]);
    expect((await site.ready(name, revision)).history?.[0]).toMatchObject({ revision, action: 'install', trigger: 'Created', outcome: 'deployed' });
    expect(await objectsOf(name)).toEqual([name, `${name}-b`]);
  });

  it('may be deleted then', async () => {
    await atTwo('by-hand-end');
    await site.kubectl(['patch', 'crel', 'by-hand-end', '--type=merge', '--patch', '{"spec":{"suspend":true}}']);
    await site.reaches('by-hand-end', 'suspended', (status) => conditionIn(status, 'Suspended') !== undefined);
    await site.helm(['uninstall', 'by-hand-end', '--keep-history']);
    expect(await objectsOf('by-hand-end')).toEqual(['']);
    await site.remove('by-hand-end');
    await isGone('by-hand-end');
    expect(await recordsOf('by-hand-end')).toBe('');
  });
});

describe('an operator that starts', () => {
  it('names records that were damaged while it was away, and replaces them', async () => {
    const names = DAMAGES.map(([how]) => `${how}-away`);
    await Promise.all(names.map(atTwo));
    await site.operator.stop();
    await Promise.all(DAMAGES.map(([how, damage]) => damage(`${how}-away`, 2)));
    await site.startOperator();
    for (const name of names) {
      expect((await site.ready(name, 3)).history?.[1]).toMatchObject({ revision: 2, damage: expect.stringContaining('is no Helm release') });
      expect(await objectsOf(name)).toEqual([name, `${name}-b`]);
    }
  });
});
