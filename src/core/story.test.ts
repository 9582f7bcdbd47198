import { describe, expect, it } from 'vitest';
import { revisionNotes } from '../../test/fakes/record-head.ts';
import type { RecordHead } from './record.ts';
import {
  describeBusy,
  describeChangedByHand,
  describeFailure,
  describeHandFailed,
  describeHandMade,
  describePinned,
  describeRunning,
  describeUndone,
  describeWaiting,
} from './story.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;

const record = (reference = 'ghcr.io/charts/podinfo:6.9'): RecordHead => ({
  secret: 'sh.helm.release.v1.podinfo.v3',
  revision: 3,
  status: 'deployed',
  resourceVersion: '1',
  createdAt: 0,
  modifiedAt: 0,
  endedAt: undefined,
  notes: {
    uid: 'uid-1',
    chartRelease: 'apps/app',
    generation: 1,
    reference,
    chartDigest: DIGEST,
    valuesDigest: '',
    chartName: 'podinfo',
    chartVersion: '6.9.0',
    appVersion: '6.9.0',
    action: 'upgrade',
    trigger: 'DigestChanged',
    attempt: 1,
    request: '',
    returns: undefined,
  },
});
const bare: RecordHead = { ...record(), notes: undefined };

describe('describeRunning', () => {
  it.each<readonly [string, RecordHead, string]>([
    ['says what runs and when its tag is looked at', record(), 'podinfo 6.9.0 (abababababab) runs as revision 3; ghcr.io/charts/podinfo:6.9 is looked at every 1m30s'],
    ['says that a digest pins', record(`ghcr.io/charts/podinfo@${DIGEST}`), 'podinfo 6.9.0 (abababababab) runs as revision 3; pinned by digest'],
    ['says that a digest beside a tag pins', record(`ghcr.io/charts/podinfo:6.9@${DIGEST}`), 'podinfo 6.9.0 (abababababab) runs as revision 3; pinned by digest'],
    ['says the range', record('ghcr.io/charts/podinfo ^6'), 'podinfo 6.9.0 (abababababab) runs as revision 3; ghcr.io/charts/podinfo ^6 is looked at every 1m30s'],
    [
      'says why it is a lower version than before',
      {
        ...record('ghcr.io/charts/podinfo ^6'),
        notes: revisionNotes({ chartName: 'podinfo', chartVersion: '6.8.0', chartDigest: DIGEST, reference: 'ghcr.io/charts/podinfo ^6', trigger: 'VersionWithdrawn' }),
      },
      'podinfo 6.8.0 (abababababab) runs as revision 3, since a higher version in the range, which ran before, is gone from the registry; ghcr.io/charts/podinfo ^6 is looked at every 1m30s',
    ],
    ['says what it can of a record without notes', bare, 'revision 3 runs'],
  ])('%s', (_name, head, text) => {
    expect(describeRunning(head, head.notes?.reference ?? '', 90_000)).toBe(text);
  });
});

describe('describeWaiting', () => {
  it('names revision, digest and the object that is waited for', () => {
    expect(describeWaiting(record(), 'Deployment prod/web: 1 of 3 replicas available')).toBe(
      'revision 3 (abababababab) is applied; waiting for Deployment prod/web: 1 of 3 replicas available',
    );
  });
});

describe('describeFailure', () => {
  const message = 'Deployment prod/web: 1 of 3 replicas available';
  const KEEP = { kind: 'Keep' } as const;
  it.each([
    ['an object that failed', 'Failed', KEEP, `revision 3 (abababababab) failed: ${message}; it stays in place and is deployed as soon as it becomes ready`],
    ['the end of the wait', 'Waiting', KEEP, `revision 3 (abababababab) was not ready within 5m: ${message}; it stays in place and is deployed as soon as it becomes ready`],
    [
      'that the last good revision comes back',
      'Failed',
      { kind: 'Rollback', to: { ...bare, revision: 2 } },
      `revision 3 (abababababab) failed: ${message}; revision 2 is applied again`,
    ],
    ['that it is uninstalled', 'Failed', { kind: 'Uninstall' }, `revision 3 (abababababab) failed: ${message}; the release is uninstalled, as spec.onFailure says`],
  ] as const)('tells %s and what happens next', (_name, kind, remedy, text) => {
    expect(describeFailure(record(), { kind, message }, '5m', remedy)).toBe(text);
  });
});

describe('describeUndone', () => {
  const failed = { reference: 'r.example/app:1', chartDigest: DIGEST, attempt: 1, why: 'a Pod crashes' };
  it('says what failed, why, and when it is tried again', () => {
    expect(describeUndone(failed, 1_700_000_000_000)).toBe('r.example/app:1 (abababababab) failed and was undone: a Pod crashes; the same is tried again at 2023-11-14T22:13:20Z');
  });
  it('counts the tries', () => {
    expect(describeUndone({ ...failed, attempt: 3 }, 0)).toContain('(abababababab) failed for the 3. time and was undone: a Pod crashes;');
  });
});

describe('describePinned', () => {
  it.each([
    ['the revision itself', 3, 'podinfo 6.9.0 (abababababab) runs as revision 3, held by the annotation tagalong.dev/pin; nothing is followed until it is taken away'],
    [
      'one that has its manifest',
      1,
      'podinfo 6.9.0 (abababababab) runs as revision 3, which is revision 1 again, held by the annotation tagalong.dev/pin; nothing is followed until it is taken away',
    ],
  ])('tells %s', (_name, pin, text) => {
    expect(describePinned(record(), pin)).toBe(text);
  });
});

describe('what a person made with helm', () => {
  const made = { revision: 3, chart: { chartName: 'podinfo', chartVersion: '6.8.0', appVersion: '' }, description: 'Rollback to 1' };
  it('runs, and what is followed', () => {
    expect(describeHandMade(made, 'r.example/app:1', 60_000)).toBe("revision 3 (podinfo 6.8.0) by somebody's helm (Rollback to 1) runs; r.example/app:1 is looked at every 1m");
  });
  it('failed, and what can be done', () => {
    expect(describeHandFailed(made)).toBe(
      "revision 3 (podinfo 6.8.0) by somebody's helm (Rollback to 1) failed: run helm again, or have what the spec asks for brought back: move the tag, change the values, or set spec.drift.mode to Correct",
    );
  });
  it('is in the place of something', () => {
    expect(describeChangedByHand(made, 3, 'r.example/app:1')).toContain(
      'is in the place of what the spec asks for, r.example/app:1, which revision 3 was for; to have that brought back: move the tag',
    );
  });
  it('is not at its end, and until when that is waited for', () => {
    expect(describeBusy({ ...record(), status: 'pending-upgrade' }, 'Helm release prod/app', '2026-01-01T00:00:00Z')).toBe(
      "Helm release prod/app is at revision 3 pending-upgrade, which somebody's helm began; it is waited for, and taken over at 2026-01-01T00:00:00Z if helm writes nothing until then",
    );
  });
});
