import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordHead, revisionNotes } from '../../test/fakes/record-head.ts';
import { isPending, type RecordHead, type RecordStatus } from './record.ts';
import { beyondLimit, deployedOf, describeAbandoned, describeDeployed, describeRevision, mayHaveObjects } from './release-state.ts';

const STATUSES: readonly RecordStatus[] = ['unknown', 'deployed', 'uninstalled', 'superseded', 'failed', 'uninstalling', 'pending-install', 'pending-upgrade', 'pending-rollback'];

const record = (revision: number, status: RecordStatus): RecordHead => recordHead({ secret: `sh.helm.release.v1.app.v${revision}`, revision, status });

const NOTES = revisionNotes({ chartRelease: 'space/app', reference: 'registry.test/app:stable', chartDigest: 'sha256:one', valuesDigest: 'sha256:none', chartName: 'app' });

/** Records of revisions 1, 2, ... with these statuses. */
const history = (...statuses: readonly RecordStatus[]): readonly RecordHead[] => statuses.map((status, index) => record(index + 1, status));
/** The same where we made the record of that revision. */
const ours = (records: readonly RecordHead[], revision: number) => records.map((one) => (one.revision === revision ? { ...one, notes: NOTES } : one));
const damaged = (records: readonly RecordHead[], revision: number) => records.map((one) => (one.revision === revision ? { ...one, damage: 'it is no JSON' } : one));
const revisionsOf = (records: readonly RecordHead[]) => records.map(({ revision }) => revision);
const anyHistory = fc.array(fc.constantFrom(...STATUSES), { maxLength: 12 }).map((statuses) => history(...statuses));

describe('isPending', () => {
  it('is true for the three statuses of a revision under way', () => {
    expect(STATUSES.filter(isPending)).toEqual(['pending-install', 'pending-upgrade', 'pending-rollback']);
  });
});

describe('deployedOf', () => {
  it.each<readonly [string, readonly RecordHead[], number | undefined]>([
    ['finds nothing where nothing is deployed', history('failed', 'pending-install'), undefined],
    ['finds the deployed revision before a failed one', history('superseded', 'deployed', 'failed'), 2],
    ['finds the newest of two', history('deployed', 'deployed'), 2],
  ])('%s', (_name, records, revision) => {
    expect(deployedOf(records)?.revision).toBe(revision);
  });
});

describe('mayHaveObjects', () => {
  it.each<readonly [string, readonly RecordHead[], readonly number[]]>([
    ['has nothing for no records', [], []],
    ['leaves out what a deployed revision has cleaned up after', ours(history('superseded', 'failed', 'deployed'), 3), [3]],
    ["has what failed just before a person's helm deployed", history('superseded', 'failed', 'failed', 'deployed'), [2, 3, 4]],
    ["has what was under way when a person's helm deployed", history('superseded', 'failed', 'pending-rollback', 'deployed', 'failed'), [2, 3, 4, 5]],
    ["has what we deployed last before a person's helm went back", ours(history('superseded', 'superseded', 'failed', 'deployed'), 2), [2, 3, 4]],
    ["has it after another deed of a person's helm, too", ours(history('superseded', 'superseded', 'failed', 'superseded', 'deployed'), 2), [2, 3, 4, 5]],
    ["leaves out what was superseded before a person's helm deployed", history('failed', 'superseded', 'deployed'), [3]],
    ['has every revision that came after the deployed one', history('superseded', 'deployed', 'failed', 'pending-upgrade'), [2, 3, 4]],
    ['counts from the newest of two deployed revisions', history('deployed', 'deployed', 'failed'), [2, 3]],
    ['has all revisions while none was deployed', history('failed', 'failed', 'pending-install'), [1, 2, 3]],
    ['has none after an uninstall by hand', history('superseded', 'uninstalled'), []],
    ['has those since an uninstall by hand', history('superseded', 'uninstalled', 'failed'), [3]],
    ['goes back before a deployed revision that cannot be read', damaged(history('superseded', 'deployed', 'failed'), 2), [1, 3]],
    ['leaves out a failed revision that cannot be read', damaged(history('superseded', 'deployed', 'failed'), 3), [2]],
  ])('%s', (_name, records, revisions) => {
    expect(revisionsOf(mayHaveObjects(records))).toEqual(revisions);
  });

  it('never misses the newest revision, unless it is uninstalled', () => {
    fc.assert(
      fc.property(anyHistory, (records) => {
        const newest = records.at(-1);
        expect(mayHaveObjects(records).at(-1)).toBe(newest?.status === 'uninstalled' ? undefined : newest);
      }),
    );
  });
});

describe('beyondLimit', () => {
  it.each<readonly [string, readonly RecordHead[], number, readonly number[]]>([
    ['takes nothing within the limit', history('superseded', 'deployed'), 2, []],
    ['takes the oldest first', history('superseded', 'failed', 'superseded', 'deployed'), 2, [1, 2]],
    ['leaves the newest deployed revision however old it is', history('deployed', 'failed', 'failed', 'failed'), 2, [2, 3]],
    ['leaves pending revisions', history('pending-install', 'superseded', 'deployed', 'pending-upgrade'), 1, [2]],
    ['takes older revisions that still say deployed', history('deployed', 'deployed'), 1, [1]],
  ])('%s', (_name, records, limit, revisions) => {
    expect(revisionsOf(beyondLimit(records, limit))).toEqual(revisions);
  });

  it('never takes the newest deployed revision nor a pending one, and no more than it must', () => {
    fc.assert(
      fc.property(anyHistory, fc.integer({ min: 1, max: 5 }), (records, limit) => {
        const taken = beyondLimit(records, limit);
        expect(taken).not.toContain(deployedOf(records));
        expect(taken.some(({ status }) => isPending(status))).toBe(false);
        expect(taken.length).toBeLessThanOrEqual(Math.max(0, records.length - limit));
      }),
    );
  });

  it('leaves at most the limit, apart from those it never takes', () => {
    fc.assert(
      fc.property(anyHistory, fc.integer({ min: 1, max: 5 }), (records, limit) => {
        const taken = new Set(beyondLimit(records, limit));
        const left = records.filter((one) => !taken.has(one));
        const isSafe = (one: RecordHead) => one === deployedOf(records) || isPending(one.status);
        expect(left.length <= limit || left.every(isSafe)).toBe(true);
      }),
    );
  });
});

describe('descriptions of records', () => {
  const notes = {
    uid: 'uid-1',
    chartRelease: 'apps/app',
    generation: 1,
    reference: 'r.example/app:1',
    chartDigest: `sha256:${'ab'.repeat(32)}`,
    valuesDigest: '',
    chartName: 'app',
    chartVersion: '1.0.0',
    appVersion: '',
    trigger: 'Created',
    attempt: 1,
    request: '',
    returns: undefined,
  } as const;

  it('have the whole digest, since Helm shows only a version', () => {
    expect(describeRevision('Preparing', notes)).toBe(`Preparing: r.example/app:1 at sha256:${'ab'.repeat(32)}`);
  });

  it.each([
    ['install', 'Install complete: r.example/app:1 at '],
    ['upgrade', 'Upgrade complete: r.example/app:1 at '],
  ] as const)("say that an %s is complete in Helm's words", (action, text) => {
    expect(describeDeployed({ ...record(1, 'deployed'), notes: { ...notes, action } })).toContain(text);
  });

  it('say only that it is deployed where the notes are missing', () => {
    expect(describeDeployed(record(1, 'deployed'))).toBe('Deployed');
  });

  it('name the request that an unfinished revision was left for', () => {
    expect(describeAbandoned(notes)).toBe('Left unfinished for a newer request: r.example/app:1 at abababababab');
  });
});
