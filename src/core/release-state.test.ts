import { describe, expect, it } from 'vitest';
import type { HistoryEntry } from '../api/chart-release.ts';
import type { RecordHead, RecordStatus, RevisionNotes } from './record.ts';
import { decide, decidePinned, type Decision, type GoBack, standing, type Target } from './release-state.ts';

const OLD = `sha256:${'a'.repeat(64)}`;
const NEW = `sha256:${'b'.repeat(64)}`;
const THIRD = `sha256:${'c'.repeat(64)}`;
const VALUES = `sha256:${'1'.repeat(64)}`;
const OTHER_VALUES = `sha256:${'2'.repeat(64)}`;
const REFERENCE = 'r.example/charts/app:1';
const OTHER_REFERENCE = 'r.example/charts/app:2';
/** A minute after the records below. */
const NOW = 1_700_000_060_000;
const UNAVAILABLE = { reason: 'RegistryUnavailable', message: 'cannot resolve r.example/charts/app:1: no answer' } as const;

const ours = (revision: number, status: RecordStatus, notes: Partial<RevisionNotes> = {}): RecordHead => ({
  ...foreign(revision, status),
  notes: {
    uid: 'uid-1',
    chartRelease: 'apps/app',
    generation: 1,
    reference: REFERENCE,
    chartDigest: OLD,
    valuesDigest: VALUES,
    chartName: 'app',
    chartVersion: '1.0.0',
    appVersion: '',
    action: revision === 1 ? 'install' : 'upgrade',
    trigger: 'Created',
    attempt: 1,
    request: '',
    returns: undefined,
    ...notes,
  },
});

/** A record of which nobody knows more than Helm does. */
const foreign = (revision: number, status: RecordStatus): RecordHead => ({
  secret: `sh.helm.release.v1.app.v${revision}`,
  revision,
  status,
  resourceVersion: String(100 + revision),
  createdAt: 1_700_000_000 + revision,
  modifiedAt: 1_700_000_000 + revision,
  endedAt: undefined,
  notes: undefined,
});

const target = (wish: Partial<Target>): Target => ({
  uid: 'uid-1',
  chartRelease: 'apps/app',
  generation: 2,
  address: { namespace: 'prod', releaseName: 'app' },
  reference: REFERENCE,
  valuesDigest: VALUES,
  digest: OLD,
  tag: undefined,
  isWithdrawn: false,
  deployedDigest: undefined,
  isAdmitted: false,
  isMoving: false,
  onFailure: undefined,
  request: undefined,
  trouble: undefined,
  driftMode: 'Warn',
  told: [],
  isTakenOver: false,
  ...wish,
});

const keep = (deployed: RecordHead, stale: readonly RecordHead[] = []): Decision => ({ kind: 'Keep', deployed, stale });
const goOn = (record: RecordHead): Decision => ({ kind: 'Continue', record });
const install = (revision: number, more: Partial<Extract<Decision, { kind: 'Start' }>> = {}): Decision => ({
  kind: 'Start',
  revision,
  action: 'install',
  trigger: 'Created',
  digest: OLD,
  attempt: 1,
  abandoned: [],
  ...more,
});
const upgrade = (revision: number, more: Partial<Extract<Decision, { kind: 'Start' }>>): Decision => install(revision, { action: 'upgrade', ...more });

const [superseded, deployed, failed] = [ours(1, 'superseded'), ours(2, 'deployed'), ours(1, 'failed')];
const [pending, pendingNew] = [ours(3, 'pending-upgrade'), ours(3, 'pending-upgrade', { chartDigest: NEW })];
const [uninstalled, failedNew] = [ours(2, 'uninstalled'), ours(3, 'failed', { chartDigest: NEW })];

type Situation = readonly [name: string, records: readonly RecordHead[], wish: Partial<Target>, decision: Decision];

const runTable = (situations: readonly Situation[]): void => {
  it.each(situations)('%s', (_name, records, wish, decision) => {
    expect(decide(records, target(wish), NOW)).toEqual(decision);
  });
};

describe('decide, when the registry has said what the reference points at', () => {
  runTable([
    ['installs where there are no records', [], {}, install(1)],
    ['keeps what is deployed and asked for', [superseded, deployed], {}, keep(deployed)],
    ['upgrades to the digest that the tag moved to', [superseded, deployed], { digest: NEW }, upgrade(3, { trigger: 'DigestChanged', digest: NEW })],
    [
      'goes to the lower version where the higher one is gone',
      [superseded, deployed],
      { digest: NEW, isWithdrawn: true },
      upgrade(3, { trigger: 'VersionWithdrawn', digest: NEW }),
    ],
    ['keeps what a lower version points at as well', [superseded, deployed], { isWithdrawn: true }, keep(deployed)],
    ['upgrades to other values', [superseded, deployed], { valuesDigest: OTHER_VALUES }, upgrade(3, { trigger: 'SpecChanged' })],
    ['upgrades to other values of the same spec', [deployed], { valuesDigest: OTHER_VALUES, generation: 1 }, upgrade(3, { trigger: 'ValuesChanged' })],
    [
      'upgrades to other values of a spec that is deployed, though without a revision of its own',
      [deployed],
      { valuesDigest: OTHER_VALUES, deployedDigest: OLD },
      upgrade(3, { trigger: 'ValuesChanged' }),
    ],
    ['names the tag where tag and values changed at once', [deployed], { digest: NEW, valuesDigest: OTHER_VALUES }, upgrade(3, { trigger: 'DigestChanged', digest: NEW })],
    ['upgrades to what another reference points at', [deployed], { reference: OTHER_REFERENCE, digest: NEW }, upgrade(3, { trigger: 'SpecChanged', digest: NEW })],
    ['keeps what runs when another reference points at the same digest', [deployed], { reference: OTHER_REFERENCE }, keep(deployed)],
    ['keeps what runs through trouble with the registry', [deployed], { trouble: UNAVAILABLE }, keep(deployed)],
    ['upgrades to a known digest through trouble with the registry', [deployed], { digest: NEW, trouble: UNAVAILABLE }, upgrade(3, { trigger: 'DigestChanged', digest: NEW })],
    [
      'goes back to a digest that was superseded with a new revision',
      [ours(1, 'superseded'), ours(2, 'deployed', { chartDigest: NEW })],
      {},
      upgrade(3, { trigger: 'DigestChanged' }),
    ],
  ]);
});

describe('standing', () => {
  it.each<readonly [string, readonly RecordHead[], Partial<Target>, RecordHead | undefined]>([
    ['is what runs while the tag points at another digest', [superseded, deployed], { digest: NEW }, deployed],
    ['is nothing before the first revision', [], { digest: NEW }, undefined],
    ['is nothing where values changed, too', [deployed], { digest: NEW, valuesDigest: OTHER_VALUES }, undefined],
    ['is nothing where another reference is followed', [deployed], { digest: NEW, reference: OTHER_REFERENCE }, undefined],
    [
      'is what a pin has held until now',
      [ours(3, 'deployed', { action: 'rollback', returns: { kind: 'Pinned', to: 1 } })],
      { digest: NEW },
      ours(3, 'deployed', { action: 'rollback', returns: { kind: 'Pinned', to: 1 } }),
    ],
    ['is nothing while a later revision is under way', [deployed, pending], { digest: NEW }, undefined],
    ['is nothing where a later revision failed', [deployed, failedNew], { digest: NEW }, undefined],
    ['is nothing where the objects may be as another Helm release wants them', [deployed], { digest: NEW, isMoving: true }, undefined],
    ['is nothing where the release belongs to somebody else', [deployed], { digest: NEW, uid: 'uid-2', chartRelease: 'test/other' }, undefined],
    ["is nothing where a person's helm wrote last", [superseded, foreign(2, 'deployed')], { digest: NEW, isAdmitted: true }, undefined],
  ])('%s', (_name, records, wish, expected) => {
    expect(standing(records, target(wish))).toEqual(expected);
  });
});

describe('decide, when a revision is not finished', () => {
  const firstPending = ours(1, 'pending-install');
  runTable([
    ['continues a first revision that is pending', [firstPending], {}, goOn(firstPending)],
    ['continues an upgrade that is pending', [superseded, deployed, pendingNew], { digest: NEW }, goOn(pendingNew)],
    ['abandons a pending revision for another digest', [deployed, pending], { digest: NEW }, upgrade(4, { trigger: 'DigestChanged', digest: NEW, abandoned: [pending] })],
    ['abandons a pending revision for other values', [deployed, pending], { valuesDigest: OTHER_VALUES }, upgrade(4, { trigger: 'SpecChanged', abandoned: [pending] })],
    ['abandons a pending revision when the tag moves back', [deployed, pendingNew], {}, upgrade(4, { trigger: 'DigestChanged', abandoned: [pendingNew] })],
    ['abandons a first revision with another install', [firstPending], { digest: NEW }, install(2, { trigger: 'DigestChanged', digest: NEW, abandoned: [firstPending] })],
    [
      'abandons every revision that is pending',
      [firstPending, ours(2, 'pending-install', { valuesDigest: OTHER_VALUES })],
      { digest: NEW },
      install(3, { trigger: 'DigestChanged', digest: NEW, abandoned: [firstPending, ours(2, 'pending-install', { valuesDigest: OTHER_VALUES })] }),
    ],
    ['continues a failed revision, which stays in place', [failed], {}, goOn(failed)],
    ['continues a failed upgrade that stays in place', [superseded, deployed, failedNew], { digest: NEW, onFailure: 'Keep' }, goOn(failedNew)],
    ['installs again after a failed install', [failed], { digest: NEW }, install(2, { trigger: 'DigestChanged', digest: NEW })],
    ['installs until a first revision was deployed', [failed, ours(2, 'failed')], { valuesDigest: OTHER_VALUES }, install(3, { trigger: 'SpecChanged' })],
    ['upgrades after a failed upgrade', [deployed, failedNew], {}, upgrade(4, { trigger: 'DigestChanged' })],
    [
      'upgrades where the deployed revision was superseded before a failure',
      [superseded, ours(2, 'failed')],
      { digest: NEW },
      upgrade(3, { trigger: 'DigestChanged', digest: NEW }),
    ],
  ]);
});

describe('decide, when somebody has damaged a record', () => {
  const damaged = (record: RecordHead): RecordHead => ({ ...record, damage: 'it is no JSON' });
  const failedNow = ours(3, 'failed', { chartDigest: NEW, generation: 2 });
  const [bad, badPending, badFailed] = [damaged(deployed), damaged(pendingNew), damaged(failedNew)];
  runTable([
    ['makes a revision in place of what is deployed', [superseded, bad], {}, upgrade(3, { trigger: 'ChangedByHand' })],
    ['makes a revision in place of one under way', [deployed, badPending], { digest: NEW }, upgrade(4, { trigger: 'ChangedByHand', digest: NEW, abandoned: [badPending] })],
    ['makes a revision in place of a failed one', [deployed, badFailed], { digest: NEW }, upgrade(4, { trigger: 'ChangedByHand', digest: NEW })],
    ['keeps what is deployed where it is an older one', [damaged(superseded), deployed], {}, keep(deployed)],
    [
      'goes back to the newest that can be read',
      [superseded, bad, failedNow],
      { digest: NEW },
      { kind: 'GoBack', revision: 4, to: superseded, manifestOf: 1, failed: failedNow, abandoned: [] },
    ],
    ['makes a revision in place of one that lost our notes too', [superseded, damaged(foreign(2, 'deployed'))], { isAdmitted: true }, upgrade(3, { trigger: 'ChangedByHand' })],
    ['stays with a failure that has nothing to go back to', [bad, failedNow], { digest: NEW }, goOn(failedNow)],
  ]);
});

describe('decide, when somebody else was at work', () => {
  const refusal = (revision: number, who: string): Decision => ({
    kind: 'Refuse',
    reason: 'ReleaseNotOwned',
    message: `Helm release prod/app exists at revision ${revision} and ${who}`,
  });
  const [stranger, other] = [foreign(4, 'deployed'), ours(4, 'deployed', { uid: 'uid-2', chartRelease: 'test/first' })];
  const [unnamed, earlier] = [ours(4, 'deployed', { uid: 'uid-2', chartRelease: '' }), ours(4, 'deployed', { uid: 'uid-0' })];
  const theirs =
    'belongs to ChartRelease test/first; set spec.releaseName to a free name, or delete that one (helm uninstall, where it is gone and has left its release behind): this one takes over then';
  const former = ours(1, 'deployed');
  const [failedAsked, brought] = [ours(2, 'failed'), ours(5, 'deployed', { trigger: 'ChangedByHand' })];
  const byHand = (newest: RecordHead, last: RecordHead, stale: readonly RecordHead[] = []): Decision => ({
    kind: 'KeepByHand',
    newest,
    last: { revision: last.revision, record: last },
    stale,
  });
  const told = (revision: number, more: Partial<HistoryEntry> = {}): HistoryEntry => ({
    revision,
    digest: OLD,
    values: VALUES,
    chartVersion: '1.0.0',
    action: 'upgrade',
    trigger: 'DigestChanged',
    outcome: 'deployed',
    when: new Date((1_700_000_000 + revision) * 1000).toISOString(),
    ...more,
  });
  const toldByHand = (revision: number): HistoryEntry => {
    const { digest: _digest, values: _values, ...entry } = told(revision);
    return entry;
  };
  runTable([
    ['takes over a release that helm made', [foreign(3, 'superseded'), stranger], {}, upgrade(5, { trigger: 'Adopted' })],
    ['takes over a release whose first revision helm did not bring to its end', [foreign(1, 'failed')], {}, install(2, { trigger: 'Adopted' })],
    ['takes over a release whose upgrade helm did not bring to its end', [foreign(3, 'deployed'), foreign(4, 'failed')], {}, upgrade(5, { trigger: 'Adopted' })],
    ['installs again, and takes nothing over, where helm has uninstalled and kept the history', [foreign(3, 'uninstalled')], {}, install(4)],
    ['refuses a release of another ChartRelease', [other], {}, refusal(4, theirs)],
    ['refuses a release that another ChartRelease has taken since', [deployed, other], {}, refusal(4, theirs)],
    ['names another ChartRelease by its UID where its name was not noted', [unnamed], {}, refusal(4, theirs.replace('test/first', 'with UID uid-2'))],
    ['takes over what an earlier ChartRelease of the name has left', [earlier], {}, keep(earlier)],
    ['upgrades what an earlier ChartRelease of the name has left', [earlier], { digest: NEW }, upgrade(5, { digest: NEW, trigger: 'DigestChanged' })],
    ['takes over what helm has made since of what an earlier ChartRelease left', [ours(3, 'superseded', { uid: 'uid-0' }), stranger], {}, upgrade(5, { trigger: 'ChangedByHand' })],
    ['does not claim what helm made of the release of another ChartRelease', [other, foreign(5, 'deployed')], { isAdmitted: true }, refusal(5, theirs)],
    ['keeps what a person rolled back to', [deployed, stranger], {}, byHand(stranger, deployed, [deployed])],
    ['keeps it though the revision before it failed', [superseded, failedAsked, stranger], {}, byHand(stranger, failedAsked)],
    ['keeps what a person did not bring to its end', [deployed, foreign(3, 'failed')], {}, byHand(foreign(3, 'failed'), deployed, [deployed])],
    ['closes what was under way when a person rolled back', [deployed, pending, stranger], {}, byHand(stranger, pending, [deployed, pending])],
    ['upgrades what a person made when the tag moves', [deployed, stranger], { digest: NEW }, upgrade(5, { digest: NEW, trigger: 'DigestChanged' })],
    ['upgrades what a person made to other values', [deployed, stranger], { valuesDigest: OTHER_VALUES }, upgrade(5, { trigger: 'SpecChanged' })],
    ['brings back what is asked for after a rollback by hand, where it is to correct', [deployed, stranger], { driftMode: 'Correct' }, upgrade(5, { trigger: 'DriftCorrected' })],
    ['keeps what it brought back', [superseded, foreign(4, 'superseded'), brought], { driftMode: 'Correct' }, keep(brought)],
    [
      'knows from status what was asked for last where helm has dropped our notes',
      [ours(1, 'superseded', { chartDigest: NEW }), foreign(2, 'superseded'), stranger],
      { told: [told(2), told(1, { digest: NEW })] },
      byHand(stranger, foreign(2, 'superseded')),
    ],
    ['keeps a revision of ours of which helm has dropped our notes', [superseded, foreign(2, 'deployed')], { told: [told(2), told(1)] }, keep(foreign(2, 'deployed'))],
    [
      'upgrades such a one when the tag moves',
      [superseded, foreign(2, 'deployed')],
      { told: [told(2), told(1)], digest: NEW },
      upgrade(3, { digest: NEW, trigger: 'DigestChanged' }),
    ],
    [
      'keeps what a person made though helm has dropped the record of what was asked for before it',
      [foreign(11, 'superseded'), foreign(12, 'deployed')],
      { isAdmitted: true, told: [toldByHand(11), told(1)] },
      { kind: 'KeepByHand', newest: foreign(12, 'deployed'), last: { revision: 1, record: undefined }, stale: [] },
    ],
    ['takes no revision for ours that status calls one by hand', [deployed, stranger], { told: [toldByHand(4)] }, byHand(stranger, deployed, [deployed])],
    [
      'knows a release of ours by its address when helm has dropped our notes from its only record',
      [foreign(1, 'deployed')],
      { isAdmitted: true },
      upgrade(2, { digest: OLD, trigger: 'ChangedByHand' }),
    ],
    ['refuses what another ChartRelease has, at whatever address', [other], { isAdmitted: true }, refusal(4, theirs)],
    ['waits for a helm that somebody runs on a release of ours', [deployed, foreign(3, 'pending-rollback')], {}, { kind: 'Busy', record: foreign(3, 'pending-rollback') }],
    ['waits for a helm that uninstalls a release of ours', [superseded, foreign(2, 'uninstalling')], {}, { kind: 'Busy', record: foreign(2, 'uninstalling') }],
    ['waits for a helm that is at work on a release that is to be taken over', [foreign(3, 'pending-install')], {}, { kind: 'Busy', record: foreign(3, 'pending-install') }],
    [
      'takes over what a helm that died had begun',
      [deployed, foreign(3, 'pending-rollback')],
      { isTakenOver: true },
      upgrade(4, { trigger: 'ChangedByHand', abandoned: [foreign(3, 'pending-rollback')] }),
    ],
    [
      'takes over a first install that died',
      [foreign(1, 'pending-install')],
      { isTakenOver: true },
      install(2, { trigger: 'Adopted', abandoned: [foreign(1, 'pending-install')] }),
    ],
    ['installs again where an uninstall died', [superseded, foreign(2, 'uninstalling')], { isTakenOver: true }, install(3)],
    ['closes what a helm that died had begun, and a crash has left', [foreign(1, 'pending-install'), deployed], {}, keep(deployed, [foreign(1, 'pending-install')])],
    ['waits for the registry before it takes a release over', [stranger], { digest: undefined, trouble: UNAVAILABLE }, { kind: 'Refuse', ...UNAVAILABLE }],
    ['goes on when only older revisions are not ours', [foreign(1, 'superseded'), deployed], {}, keep(deployed)],
    ['keeps the newest of two deployed revisions and names the stale one', [former, deployed], {}, keep(deployed, [former])],
    ['installs again what was uninstalled by hand', [superseded, foreign(2, 'uninstalled')], {}, install(3)],
    [
      'installs, and does not upgrade, while an install after an uninstall by hand is unfinished',
      [superseded, uninstalled, ours(3, 'failed')],
      { digest: NEW },
      install(4, { digest: NEW, trigger: 'DigestChanged' }),
    ],
    ['applies what runs once more after another Helm release was tried', [deployed], { isMoving: true }, upgrade(3, { trigger: 'SpecChanged' })],
    ['installs again what is being uninstalled', [ours(2, 'uninstalling')], {}, install(3, { trigger: 'SpecChanged' })],
    ['installs the new digest after an uninstall by hand', [superseded, foreign(2, 'uninstalled')], { digest: NEW }, install(3, { digest: NEW })],
    ['starts anew on a record with a status that it does not know', [ours(1, 'unknown')], {}, install(2, { trigger: 'SpecChanged' })],
  ]);
});

describe('decide, while the registry is silent', () => {
  const silent = { digest: undefined, trouble: UNAVAILABLE } as const;
  const refusal: Decision = { kind: 'Refuse', ...UNAVAILABLE };
  runTable([
    ['keeps what runs for the same reference', [deployed], silent, keep(deployed)],
    ['upgrades the same chart to other values', [deployed], { ...silent, valuesDigest: OTHER_VALUES }, upgrade(3, { trigger: 'SpecChanged' })],
    ['continues a revision that is pending for the same reference', [deployed, pendingNew], silent, goOn(pendingNew)],
    ['installs again what was uninstalled by hand', [foreign(2, 'uninstalled')], { ...silent, deployedDigest: OLD }, install(3)],
    ['refuses, for the reason of the trouble, where nothing is installed', [], silent, refusal],
    ['keeps what runs for another reference when status says that it led there', [deployed], { ...silent, reference: OTHER_REFERENCE, deployedDigest: OLD }, keep(deployed)],
    ['refuses, for the reason of the trouble, to guess for another reference', [deployed], { ...silent, reference: OTHER_REFERENCE }, refusal],
    [
      'waits for a registry that has said nothing yet',
      [],
      { digest: undefined },
      { kind: 'Refuse', reason: 'Progressing', message: 'waiting for the registry to say what r.example/charts/app:1 points at' },
    ],
  ]);
});

describe('decide, when the newest revision failed', () => {
  const asked = { digest: NEW, generation: 1 } as const;
  const MINUTES = 60;
  const endedAt = NOW / 1000;
  const failure = { revision: 3, generation: 1, reference: REFERENCE, chartDigest: NEW, valuesDigest: VALUES, attempt: 1, why: 'a Pod crashes' };
  /** Revision 4, which has the manifest of revision 2 again. */
  const undoing = (status: RecordStatus, failed: Partial<typeof failure> = {}): RecordHead => ({
    ...ours(4, status, { action: 'rollback', trigger: 'Rollback', returns: { kind: 'Failed', to: 2, failed: { ...failure, ...failed } } }),
    endedAt: status === 'deployed' || status === 'failed' ? endedAt - 9 * MINUTES : undefined,
  });
  const back = (to: RecordHead): Decision => ({ kind: 'GoBack', revision: 4, to, manifestOf: to.revision, failed: failedNew, abandoned: [] });
  const [undone, undoFailed, undoPending] = [undoing('deployed'), undoing('failed'), undoing('pending-rollback')];
  const asNoted = (head: RecordHead, request: string): RecordHead => ({ ...head, notes: head.notes && { ...head.notes, request } });
  const failedRecords = [superseded, deployed, failedNew];
  const goneAfter = (status: RecordStatus, minutes: number): RecordHead => ({ ...ours(3, status, { chartDigest: NEW }), endedAt: endedAt - minutes * MINUTES });

  runTable([
    ['goes back to the last good revision', failedRecords, asked, back(deployed)],
    ['goes back where the spec says so', failedRecords, { ...asked, onFailure: 'Rollback' }, back(deployed)],
    ['goes back to what a person made with helm', [foreign(2, 'deployed'), failedNew], asked, back(foreign(2, 'deployed'))],
    ['goes back while the registry is silent', failedRecords, { ...asked, digest: undefined }, back(deployed)],
    ['waits for the failed revision where it is to be kept', failedRecords, { ...asked, onFailure: 'Keep' }, goOn(failedNew)],
    ['waits for a first install, which has nothing to go back to', [failed], { generation: 1, onFailure: 'Rollback' }, goOn(failed)],
    [
      'has nothing to go back to before an uninstall',
      [deployed, ours(3, 'uninstalled'), ours(4, 'failed', { chartDigest: NEW })],
      asked,
      goOn(ours(4, 'failed', { chartDigest: NEW })),
    ],
    [
      'begins afresh where an earlier ChartRelease of the name had it fail, or was deleted meanwhile',
      [superseded, deployed, ours(3, 'failed', { chartDigest: NEW, uid: 'uid-0' })],
      asked,
      upgrade(4, { digest: NEW, trigger: 'SpecChanged' }),
    ],
    ['uninstalls only when asked', failedRecords, { ...asked, onFailure: 'Uninstall' }, { kind: 'Uninstall', failed: failedNew }],
    ['uninstalls a first install when asked', [failed], { generation: 1, onFailure: 'Uninstall' }, { kind: 'Uninstall', failed }],
    ['begins afresh when the spec changed before it was undone', failedRecords, { ...asked, generation: 2 }, upgrade(4, { digest: NEW, trigger: 'SpecChanged' })],
    ['begins afresh at another digest', failedRecords, { generation: 1, digest: OLD }, upgrade(4, { digest: OLD, trigger: 'DigestChanged' })],

    ['continues to undo it after a crash', [...failedRecords, undoPending], asked, goOn(undoPending)],
    [
      'leaves the undoing for another digest',
      [...failedRecords, undoPending],
      { ...asked, digest: THIRD },
      upgrade(5, { digest: THIRD, trigger: 'DigestChanged', abandoned: [undoPending] }),
    ],
    [
      'leaves the undoing for another spec',
      [...failedRecords, undoPending],
      { ...asked, generation: 2 },
      upgrade(5, { digest: NEW, trigger: 'SpecChanged', abandoned: [undoPending] }),
    ],
    ['keeps what was brought back', [...failedRecords, undone], asked, keep(undone, [deployed])],
    ['keeps it while the registry is silent', [...failedRecords, undone], { ...asked, digest: undefined }, keep(undone, [deployed])],
    ['tries the same again when somebody asks', [...failedRecords, undone], { ...asked, request: 'now' }, upgrade(5, { digest: NEW, trigger: 'Retry', attempt: 2 })],
    ['takes a request that it was opened with for met', [...failedRecords, asNoted(undone, 'now')], { ...asked, request: 'now' }, keep(asNoted(undone, 'now'), [deployed])],
    ['tries the same again after ten minutes', [{ ...undone, endedAt: endedAt - 10 * MINUTES }], asked, upgrade(5, { digest: NEW, trigger: 'Retry', attempt: 2 })],
    [
      'waits twice as long after the second time',
      [{ ...undoing('deployed', { attempt: 2 }), endedAt: endedAt - 19 * MINUTES }],
      asked,
      keep({ ...undoing('deployed', { attempt: 2 }), endedAt: endedAt - 19 * MINUTES }),
    ],
    [
      'tries a third time after twenty minutes',
      [{ ...undoing('deployed', { attempt: 2 }), endedAt: endedAt - 20 * MINUTES }],
      asked,
      upgrade(5, { digest: NEW, trigger: 'Retry', attempt: 3 }),
    ],
    ['begins afresh at other values', [...failedRecords, undone], { ...asked, valuesDigest: OTHER_VALUES }, upgrade(5, { digest: NEW, trigger: 'ValuesChanged' })],
    ['begins afresh at another spec', [...failedRecords, undone], { ...asked, generation: 2 }, upgrade(5, { digest: NEW, trigger: 'SpecChanged' })],
    ['makes a revision of its own of the good digest when the tag moves back', [...failedRecords, undone], { generation: 1 }, upgrade(5, { trigger: 'DigestChanged' })],
    ['waits for a revision that could not be brought back, and does not undo that in turn', [...failedRecords, undoFailed], asked, goOn(undoFailed)],
    ['tries the same again where it could not be undone', [...failedRecords, undoFailed], { ...asked, request: 'now' }, upgrade(5, { digest: NEW, trigger: 'Retry', attempt: 2 })],

    ['goes on uninstalling after a crash', [goneAfter('uninstalling', 1)], { ...asked, onFailure: 'Uninstall' }, { kind: 'Uninstall', failed: goneAfter('uninstalling', 1) }],
    [
      'installs where it was an earlier ChartRelease of the name that was being uninstalled',
      [ours(3, 'uninstalling', { chartDigest: NEW, uid: 'uid-0' })],
      { ...asked, onFailure: 'Uninstall' },
      install(4, { digest: NEW }),
    ],
    [
      'stays uninstalled for ten minutes',
      [goneAfter('uninstalled', 9)],
      { ...asked, onFailure: 'Uninstall' },
      { kind: 'Absent', failed: goneAfter('uninstalled', 9), triedAgainAt: NOW + MINUTES * 1000 },
    ],
    ['installs again after ten minutes', [goneAfter('uninstalled', 10)], { ...asked, onFailure: 'Uninstall' }, install(4, { digest: NEW, trigger: 'Retry', attempt: 2 })],
    ['installs another digest at once', [goneAfter('uninstalled', 1)], { ...asked, digest: OLD, onFailure: 'Uninstall' }, install(4, { trigger: 'DigestChanged' })],
    [
      'installs again at once where the spec is another one',
      [goneAfter('uninstalled', 1)],
      { ...asked, generation: 2, onFailure: 'Uninstall' },
      install(4, { digest: NEW, trigger: 'SpecChanged' }),
    ],
  ]);
});

describe('decidePinned', () => {
  const owner = { uid: 'uid-1', chartRelease: 'apps/app', address: { namespace: 'prod', releaseName: 'app' }, isAdmitted: true, isMoving: false, isTakenOver: false };
  const backTo = (to: RecordHead, more: Partial<GoBack> = {}): Decision => ({
    kind: 'GoBack',
    revision: 4,
    to,
    manifestOf: to.revision,
    failed: undefined,
    abandoned: [],
    ...more,
  });
  const pinned = (status: RecordStatus) => ours(3, status, { action: 'rollback', trigger: 'Pinned', returns: { kind: 'Pinned', to: 1 } });
  it.each<readonly [string, readonly RecordHead[], number, unknown]>([
    ['keeps the revision that runs', [superseded, deployed], 2, keep(deployed)],
    ['goes back to an earlier one', [superseded, deployed], 1, backTo(superseded, { revision: 3 })],
    ['leaves for it what is under way', [superseded, deployed, pending], 1, backTo(superseded, { abandoned: [pending] })],
    ['applies the deployed one again where a later one failed', [superseded, deployed, failedNew], 2, backTo(deployed)],
    [
      "takes back what a person's helm did beside it, though the record that it has the manifest of is gone",
      [pinned('superseded'), foreign(4, 'deployed')],
      1,
      backTo(pinned('superseded'), { revision: 5, manifestOf: 1 }),
    ],
    ['keeps what was brought back', [superseded, ours(2, 'superseded'), pinned('deployed')], 1, keep(pinned('deployed'))],
    ['keeps it when the record that it has the manifest of is gone', [pinned('deployed')], 1, keep(pinned('deployed'))],
    ['goes on bringing it back', [superseded, deployed, pinned('pending-rollback')], 1, goOn(pinned('pending-rollback'))],
    ['waits for one that cannot be brought back', [superseded, deployed, pinned('failed')], 1, goOn(pinned('failed'))],
    [
      'refuses a revision that is not there',
      [superseded, deployed],
      7,
      expect.objectContaining({ kind: 'Refuse', reason: 'PinInvalid', message: expect.stringContaining('may be held: 1, 2;') }),
    ],
    ['refuses a revision that failed', [superseded, deployed, failedNew, ours(4, 'failed')], 3, expect.objectContaining({ kind: 'Refuse', reason: 'PinInvalid' })],
    ['refuses before there is any', [], 1, expect.objectContaining({ kind: 'Refuse', reason: 'PinInvalid' })],
    [
      "leaves another's release alone",
      [ours(1, 'deployed', { uid: 'uid-2', chartRelease: 'test/other' })],
      1,
      expect.objectContaining({ kind: 'Refuse', reason: 'ReleaseNotOwned' }),
    ],
  ])('%s', (_name, records, pin, decision) => {
    expect(decidePinned(records, owner, pin)).toEqual(decision);
  });

  it('applies what runs once more after another Helm release was tried', () => {
    expect(decidePinned([superseded, deployed], { ...owner, isMoving: true }, 2)).toEqual(backTo(deployed, { revision: 3 }));
  });
});
