import { describe, expect, it } from 'vitest';
import { violationsIn } from './invariants.ts';
import type { Live, Step, StoredRecord, StoredRelease } from './steps.ts';

const DIGESTS = new Map([
  ['web 1', 'sha256:one'],
  ['web 2', 'sha256:two'],
]);

const object = (name: string, value: string): Live => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { value } });

type Unplaced = Pick<Step, 'key' | 'kind' | 'now'>;

/** A record of revision n, whose manifest has the ConfigMaps `all`, at n, and `only-n`. */
const record = (revision: number, status: string, rest: Partial<StoredRecord> = {}): Unplaced => ({
  kind: 'Record',
  key: `secrets/v${revision}`,
  now: {
    release: 'web',
    revision,
    status,
    content: `content of ${revision}`,
    chartVersion: String(revision),
    chartDigest: DIGESTS.get(`web ${revision}`) ?? '',
    manifest: `manifest of ${revision}`,
    objects: [object('all', String(revision)), object(`only-${revision}`, 'x')],
    hooks: [object('hook', String(revision))],
    body: `manifest and values of ${revision}`,
    returns: undefined,
    term: undefined,
    ...rest,
  },
});
const noRecord = (revision: number): Unplaced => ({ kind: 'Record', key: `secrets/v${revision}`, now: undefined });

const release = (rest: Partial<StoredRelease>): Unplaced => ({
  kind: 'Release',
  key: 'chartreleases/web',
  now: {
    isReady: false,
    reason: '',
    isDeleting: false,
    generation: 1,
    observedGeneration: 1,
    isAnswered: true,
    history: [],
    historyLimit: 2,
    revision: undefined,
    digest: undefined,
    status: JSON.stringify(rest),
    ...rest,
  },
});
const noRelease: Unplaced = { kind: 'Release', key: 'chartreleases/web', now: undefined };
const ready = (revision: number, rest: Partial<StoredRelease> = {}) => release({ isReady: true, revision, digest: DIGESTS.get(`web ${revision}`), ...rest });

const live = (name: string, value: string, extra: object = {}, isTerminating = false): Unplaced => ({
  kind: 'Object',
  key: `configmaps/${name}`,
  now: { release: 'web', isTerminating, object: { ...object(name, value), ...extra } },
});
const hook = (revision: number): Unplaced => live('hook', String(revision), { metadata: { name: 'hook', annotations: { 'tagalong.dev/hook-run': `v${revision}` } } });
const nobodys = (isOurs: boolean): Unplaced => ({ kind: 'Foreigner', key: 'secrets/bystander', now: { name: 'Secret bystander', isOurs } });
const noObject = (name: string): Unplaced => ({ kind: 'Object', key: `configmaps/${name}`, now: undefined });

const installed = [release({}), record(1, 'pending-install'), live('all', '1'), live('only-1', 'x'), record(1, 'deployed'), ready(1)];
const opened = [...installed, record(2, 'pending-upgrade')];
const applied = [...opened, live('all', '2'), live('only-2', 'x'), noObject('only-1')];
const upgraded = [...applied, record(2, 'deployed'), record(1, 'superseded'), ready(2)];
const leaving = [...upgraded, ready(2, { isDeleting: true }), record(2, 'uninstalling')];
/** Revision 2 fails, and revision 3 brings back what revision 1 was. */
const returning = (rest: Partial<StoredRecord> = {}) => [
  ...applied,
  record(2, 'failed'),
  record(3, 'pending-rollback', {
    objects: [object('all', '1'), object('only-1', 'x')],
    body: 'manifest and values of 1',
    chartVersion: '1',
    chartDigest: 'sha256:one',
    returns: { kind: 'Failed', to: 1 },
    ...rest,
  }),
];
const restored = [live('all', '1'), live('only-1', 'x'), noObject('only-2')];
const returned = {
  objects: [object('all', '1'), object('only-1', 'x')],
  body: 'manifest and values of 1',
  chartVersion: '1',
  chartDigest: 'sha256:one',
  returns: { kind: 'Failed', to: 1 },
};
const claim = { reason: 'RolledBack', revision: 3, digest: 'sha256:one', status: 'rolled back' };
const rolledBack = release(claim);
const undone = [...returning(), ...restored, record(3, 'deployed', returned), record(1, 'superseded'), rolledBack];
const uninstalled = [...leaving, noObject('all'), noObject('only-2'), noRecord(1), noRecord(2), noRelease];

const term = (epoch: number) => ({ term: { lease: 'tagalong-system/tagalong', epoch } });

/** Two revisions fail one after the other, and another one has what the first of them had, and the second had not. */
const flapping = [
  ...applied,
  record(2, 'failed'),
  record(3, 'pending-upgrade'),
  record(3, 'failed'),
  record(4, 'pending-upgrade', { objects: [object('all', '4'), object('only-2', 'x')] }),
];
const beyondLimit = release({ history: [4, 3, 2, 1], historyLimit: 1 });

/** The invariants that a history breaks, each once. */
const broken = (history: readonly Unplaced[]): readonly string[] => [
  ...new Set(
    violationsIn(
      history.map((step, at) => ({ ...step, at }) as Step),
      DIGESTS,
    ).map(({ invariant }) => invariant),
  ),
];

describe('a history that is as it should be', () => {
  const good: readonly (readonly [string, readonly Unplaced[]])[] = [
    ['nothing', []],
    ['an install', installed],
    ['an upgrade', upgraded],
    ['an uninstall', uninstalled],
    ['another install under the same name, at revision 1 again', [...uninstalled, ...installed]],
    ['a record beyond the limit, which alone knows of an object of the newest revision', [...flapping, beyondLimit]],
    ['everything applied again, byte by byte', [...opened, live('all', '2'), live('all', '2'), live('only-2', 'x'), noObject('only-1'), record(2, 'deployed')]],
    [
      'two deployed, since the operator died in between, one of them superseded before status says so',
      [...applied, record(2, 'deployed'), live('all', '2'), record(1, 'superseded'), ready(2)],
    ],
    ['two deployed, since the operator died in between, where the release rests by then', [...applied, record(2, 'deployed'), ready(2, { reason: 'Suspended' })]],
    [
      'a spec that changes while status says of what came before the newest revision',
      [...undone, record(4, 'pending-upgrade'), live('all', '4'), noObject('only-1'), record(4, 'deployed'), record(3, 'superseded'), release({ ...claim, generation: 2 })],
    ],
    ['an upgrade that is left for another one', [...opened, record(2, 'failed'), record(3, 'pending-upgrade')]],
    ['what the API server and controllers add to an object', [...installed, live('all', '1', { metadata: { name: 'all', uid: 'u' }, status: { replicas: 1 } })]],
    ['an object that takes its time to go', [...opened, live('all', '2'), live('only-2', 'x'), live('only-1', 'x', {}, true), record(2, 'deployed')]],
    ['a failed upgrade that is undone', undone],
    [
      'a hook that runs after its revision is recorded, and stays',
      [...opened, hook(2), live('all', '2'), live('only-2', 'x'), noObject('only-1'), record(2, 'deployed'), record(1, 'superseded'), ready(2)],
    ],
    ["what is nobody's, until all is gone", [nobodys(false), ...uninstalled, { kind: 'Object', key: 'secrets/bystander', now: undefined }]],
    [
      'a revision that is opened in a term, and closed in the next one, in which another is opened',
      [...opened, record(2, 'failed', term(1)), record(3, 'pending-upgrade', term(2))],
    ],
    [
      'labels by which an object is known',
      [...installed, live('all', '1', { metadata: { name: 'all', labels: { 'tagalong.dev/name': 'web', 'app.kubernetes.io/managed-by': 'Helm' } } })],
    ],
    ['old records removed', [...upgraded, noRecord(1)]],
    [
      'the record of a failed revision removed, before the next one is there that has its objects too',
      [...applied, record(2, 'failed'), record(3, 'failed', { objects: [object('all', '3'), object('only-2', 'x')] }), noRecord(2), record(4, 'pending-upgrade')],
    ],
    [
      'an uninstall after a failure, and an install after that',
      [...opened, record(2, 'failed'), record(2, 'uninstalling'), record(1, 'superseded'), record(2, 'uninstalled'), record(3, 'pending-install')],
    ],
  ];
  it.each(good)('%s', (_, history) => {
    expect(broken(history)).toEqual([]);
  });
});

describe('a history that is not', () => {
  const bad: readonly (readonly [string, string, readonly Unplaced[]])[] = [
    ['I1', 'the old revision is superseded before the new one is deployed', [...applied, record(1, 'superseded'), record(2, 'deployed')]],
    ['I1', 'the record of what runs is deleted', [...opened, noRecord(1)]],
    ['I2', 'a revision is made again', [...installed, noRecord(1), record(1, 'deployed')].filter(({ kind }) => kind !== 'Object')],
    ['I2', 'a revision is made after a later one', [...upgraded, noRecord(1), record(1, 'superseded')]],
    ['I3', 'two revisions are under way', [...opened, record(3, 'pending-upgrade')]],
    ['I4', 'a resumed revision is rendered again', [...opened, record(2, 'pending-upgrade', { content: 'other content' })]],
    ['I4', 'a finished one is', [...installed, record(1, 'deployed', { content: 'other content' })]],
    ['I5', 'status says Ready while a revision is under way', [...opened, ready(2)]],
    ['I5', 'status says Ready while the one before it is deployed too', [...applied, record(2, 'deployed'), ready(2)]],
    ['I5', 'status says Ready, and nothing is deployed', [release({}), ready(1)]],
    ['I5', 'status has the wrong revision', [...installed, ready(2, { digest: 'sha256:one' })]],
    ['I5', 'status has the wrong digest', [...installed, ready(1, { digest: 'sha256:two', status: 'other' })]],
    [
      'I5',
      'the record has a digest that was not pushed for its chart',
      [release({}), record(1, 'deployed', { chartDigest: 'sha256:two', objects: [] }), ready(1, { digest: 'sha256:two' })],
    ],
    ['I5', 'an object is missing', [...applied, noObject('only-2'), record(2, 'deployed'), record(1, 'superseded'), ready(2)]],
    ['I5', 'an object of the last revision is left', [...opened, live('all', '2'), live('only-2', 'x'), record(2, 'deployed'), record(1, 'superseded'), ready(2)]],
    ['I5', 'an object is as the last revision had it', [...opened, live('only-2', 'x'), noObject('only-1'), record(2, 'deployed'), record(1, 'superseded'), ready(2)]],
    ['I5', 'an object of what runs goes', [...installed, noObject('all')]],
    ['I6', 'an object is applied before its revision is recorded', [release({}), live('all', '1')]],
    ['I6', 'an object is applied as rendered a second time', [...opened, live('all', 'another random value')]],
    ['I6', 'a hook runs before its revision is recorded', [...installed, hook(2)]],
    ['I6', 'an object of nobody is written', [...installed, nobodys(true)]],
    ['I6', 'an object of nobody is taken over', [nobodys(false), ...installed, { ...live('bystander', '1'), key: 'secrets/bystander' }]],
    ['I6', 'an object of nobody is deleted', [nobodys(false), ...installed, { kind: 'Object', key: 'secrets/bystander', now: undefined }]],
    ['I8', 'observedGeneration goes back', [...installed, ready(1, { generation: 2, observedGeneration: 2 }), ready(1, { generation: 2 })]],
    ['I8', 'observedGeneration is ahead', [...installed, ready(1, { observedGeneration: 2 })]],
    ['I8', 'history loses its newest entry', [...upgraded, ready(2, { history: [2, 1] }), ready(2, { history: [1] })]],
    ['I8', 'history is in disorder', [...upgraded, ready(2, { history: [1, 2] })]],
    ['I8', 'history grows without bound', [...upgraded, ready(2, { history: [5, 4, 3, 2, 1] })]],
    ['I8', 'history has a record beyond the limit that is gone', [...flapping, noRecord(2), beyondLimit]],
    ['I8', 'history has a record beyond the limit for which nothing waits', [...flapping, record(2, 'failed', { objects: [object('all', '2')] }), beyondLimit]],
    ['I5', 'a key that the new revision has not is left', [...opened, live('all', '2', { data: { value: '2', old: '1' } }), ...applied.slice(-2), record(2, 'deployed')]],
    ['I6', 'a label that no revision has is left', [...installed, live('all', '1', { metadata: { name: 'all', labels: { old: '1' } } })]],
    [
      'I7',
      'a revision is opened in a term that is over',
      [...installed, record(2, 'pending-upgrade', term(3)), record(2, 'failed', term(3)), record(3, 'pending-upgrade', term(2))],
    ],
    [
      'I14',
      'a rollback is to an earlier revision than the one that is deployed',
      [...upgraded, record(3, 'pending-upgrade'), record(3, 'failed'), record(4, 'pending-rollback', returned)],
    ],
    ['I14', 'a rollback is rendered anew', returning({ body: 'manifest of 1, rendered again' })],
    [
      'I14',
      'a rollback is to a revision of which there never was a record',
      [...returning().slice(0, -1), record(3, 'pending-rollback', { ...returned, returns: { kind: 'Pinned', to: 9 } })],
    ],
    [
      'I14',
      'an object is still as the failed revision had it',
      [...returning(), live('only-1', 'x'), noObject('only-2'), record(3, 'deployed', returned), record(1, 'superseded'), rolledBack],
    ],
    ['I14', 'status says RolledBack, and the rollback is under way', [...returning(), ...restored, rolledBack]],
    ['I6', 'an object outlives the last record', [...leaving, noObject('all'), noRecord(1), noRecord(2)]],
  ];
  it.each(bad)('%s: %s', (invariant, _, history) => {
    expect(broken(history)).toContain(invariant);
  });

  it('is told with its place in it', () => {
    const history = [...opened, record(3, 'pending-upgrade')].map((step, at) => ({ ...step, at }) as Step);
    expect(violationsIn(history, DIGESTS)).toEqual([
      { invariant: 'I3', at: history.length - 1, release: 'web', message: 'two are pending: 1 deployed, 2 pending-upgrade, 3 pending-upgrade' },
    ]);
  });
});
