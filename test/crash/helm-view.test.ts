import { describe, expect, it } from 'vitest';
import { deedComplaints, helmComplaints, type HelmDeed, type HelmView, leavingsOf } from './helm-view.ts';
import type { StoredRecord } from './steps.ts';

const record = (revision: number, status: string): StoredRecord => ({
  release: 'web',
  revision,
  status,
  content: '',
  chartVersion: '1.0.0',
  chartDigest: '',
  manifest: `---\nmanifest of ${revision}\n`,
  objects: [],
  hooks: [],
  body: '',
  returns: undefined,
  term: undefined,
});
const records = [record(1, 'deployed'), record(2, 'pending-upgrade')];

const view = (rest: Partial<HelmView> = {}): HelmView => ({
  helm: 'helm 4',
  list: JSON.stringify([{ name: 'web', revision: '2', status: 'pending-upgrade' }]),
  status: JSON.stringify({ name: 'web', version: 2, info: { status: 'pending-upgrade' } }),
  history: JSON.stringify([
    { revision: 1, status: 'deployed' },
    { revision: 2, status: 'pending-upgrade' },
  ]),
  manifest: '---\nmanifest of 2\n\n',
  ...rest,
});

describe('I11: what stock helm says', () => {
  it('is what the records are', () => {
    expect(helmComplaints('web', records, view())).toEqual([]);
  });

  it('of a release without records is nothing', () => {
    const none = { list: '[]', status: 'Error: release: not found', history: 'Error: release: not found', manifest: 'Error: release: not found' };
    expect(helmComplaints('web', [], view(none))).toEqual([]);
    expect(helmComplaints('web', [], view())).toEqual(['helm 4 list says 2 pending-upgrade, and it is nothing']);
  });

  const wrong: readonly (readonly [string, Partial<HelmView>, string])[] = [
    ['does not list it', { list: '[]' }, 'helm 4 list says nothing, and it is 2 pending-upgrade'],
    ['lists another revision', { list: '[{"name":"web","revision":"1","status":"deployed"}]' }, 'helm 4 list says 1 deployed, and it is 2 pending-upgrade'],
    ['has no status', { status: 'Error: no' }, 'helm 4 status says undefined undefined, and it is 2 pending-upgrade'],
    ['cannot read the history', { history: 'Error: no' }, 'helm 4 history says Error: no, and it is 1 deployed, 2 pending-upgrade'],
    ['leaves out a revision', { history: '[{"revision":2,"status":"pending-upgrade"}]' }, 'helm 4 history says 2 pending-upgrade, and it is 1 deployed, 2 pending-upgrade'],
    ['has another manifest', { manifest: 'x' }, 'helm 4 get manifest says something else than revision 2 has: x'],
  ];
  it.each(wrong)('%s', (_, rest, complaint) => {
    expect(helmComplaints('web', records, view(rest))).toEqual([complaint]);
  });
});

describe('I11: what a person does by helm', () => {
  const back = { ...record(3, 'deployed'), manifest: record(1, '').manifest };
  const superseded = [record(1, 'superseded'), record(2, 'superseded')];
  const done: readonly (readonly [string, HelmDeed, readonly StoredRecord[], readonly StoredRecord[], string | undefined])[] = [
    ['a rollback', 'rollback', records, [...superseded, back], undefined],
    ['a rollback to what is gone', 'rollback', records.slice(1), records.slice(1), 'Error: release: not found'],
    ['an uninstall', 'uninstall', records, [], undefined],
    ['an uninstall of nothing', 'uninstall', [], [], 'Error: release: not found'],
  ];
  it.each(done)('%s is done', (_, ...of) => {
    expect(deedComplaints(...of)).toEqual([]);
  });

  const wrong: readonly (readonly [string, HelmDeed, readonly StoredRecord[], readonly StoredRecord[], string | undefined, string])[] = [
    ['a rollback is refused', 'rollback', records, records, 'Error: no', 'rollback fails at 1 deployed, 2 pending-upgrade: Error: no'],
    [
      'a rollback is not deployed',
      'rollback',
      records,
      [...superseded, { ...back, status: 'failed' }],
      undefined,
      'a rollback to revision 1 made 1 superseded, 2 superseded, 3 failed of',
    ],
    ['a rollback has another manifest', 'rollback', records, [...superseded, record(3, 'deployed')], undefined, 'a rollback to revision 1 made'],
    ['an uninstall is refused', 'uninstall', records, records, 'Error: no', 'uninstall fails at 1 deployed, 2 pending-upgrade: Error: no'],
    ['an uninstall leaves a record', 'uninstall', records, records.slice(1), undefined, 'records are left by an uninstall: 2 pending-upgrade'],
    ['an uninstall of nothing works', 'uninstall', [], [], undefined, 'uninstall works, and there is nothing to do it to'],
  ];
  it.each(wrong)('%s', (_, deed, before, after, failure, complaint) => {
    expect(deedComplaints(deed, before, after, failure)).toEqual([expect.stringContaining(complaint)]);
  });

  const having = (revision: number, status: string, ...names: readonly string[]): StoredRecord => ({
    ...record(revision, status),
    objects: names.map((name) => ({ kind: 'Secret', metadata: { name } })),
  });
  const left: readonly (readonly [string, readonly StoredRecord[], readonly string[]])[] = [
    ['nothing of no release', [], []],
    ['nothing of what runs', [having(1, 'superseded', 'all'), having(2, 'deployed', 'all', 'only-2')], []],
    ['nothing of a revision under way and of what it is to follow', [having(1, 'deployed', 'all', 'only-1'), having(2, 'pending-upgrade', 'all', 'only-2')], []],
    [
      'what a revision had that was overtaken',
      [having(1, 'deployed', 'all'), having(2, 'failed', 'all', 'only-2'), having(3, 'pending-upgrade', 'all', 'only-3')],
      ['Secret/only-2'],
    ],
  ];
  it.each(left)('an uninstall leaves behind %s', (_, before, names) => {
    expect(leavingsOf(before).map(({ kind, metadata }) => `${kind}/${metadata.name}`)).toEqual(names);
  });
});
