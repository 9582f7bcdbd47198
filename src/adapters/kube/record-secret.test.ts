import { describe, expect, it } from 'vitest';
import type { Return, RevisionNotes } from '../../ports/records.ts';
import { annotationsAtEnd, annotationsOf, annotationsOfTerm, DAMAGE, headOf } from './record-secret.ts';

const address = { namespace: 'apps', releaseName: 'web.v1' };
const notes: RevisionNotes = {
  uid: 'u',
  chartRelease: 'apps/web',
  generation: 7,
  reference: 'r/a:1',
  chartDigest: 'sha256:a',
  valuesDigest: 'sha256:b',
  chartName: 'web',
  chartVersion: '1.0.0',
  appVersion: '',
  action: 'upgrade',
  trigger: 'DigestChanged',
  attempt: 1,
  request: '',
  returns: undefined,
};
const secret = (labels: Readonly<Record<string, string>>, annotations: Readonly<Record<string, string>> = annotationsOf(notes), name = 'sh.helm.release.v1.web.v1.v12') => ({
  metadata: {
    name,
    resourceVersion: '5',
    creationTimestamp: '2026-01-01T00:00:00Z',
    labels,
    annotations,
    managedFields: [{ manager: 'tagalong', time: '2026-01-01T00:00:09Z', fieldsV1: { 'f:data': { 'f:release': {} } } }],
  },
});

describe('headOf', () => {
  it('reads back what was written', () => {
    expect(headOf(address, secret({ status: 'deployed', createdAt: '100' }))).toEqual({
      secret: 'sh.helm.release.v1.web.v1.v12',
      revision: 12,
      status: 'deployed',
      resourceVersion: '5',
      createdAt: 100,
      modifiedAt: 1767225609,
      endedAt: undefined,
      notes,
    });
  });

  it('reads back who led when it was opened', () => {
    const term = { lease: 'tagalong-system/tagalong-operator', epoch: 3 };
    expect(headOf(address, secret({}, { ...annotationsOf(notes), ...annotationsOfTerm(term) }))?.term).toEqual(term);
    expect(annotationsOfTerm(undefined)).toEqual({});
  });

  it.each(['', '-1', 'x', '1000000001', '99999999999'])('does not take %j for an epoch', (epoch) => {
    expect(headOf(address, secret({}, { 'tagalong.dev/lease': 'a/b', 'tagalong.dev/epoch': epoch }))?.term).toBeUndefined();
  });

  it('takes the time of creation where labels have none, and an unknown status for unknown', () => {
    expect(headOf(address, secret({ status: 'strange' }))).toMatchObject({ status: 'unknown', createdAt: 1767225600 });
  });

  it.each(['sh.helm.release.v1.web.v12', 'sh.helm.release.v1.web.v1.v', 'sh.helm.release.v1.web.v1.v0', 'sh.helm.release.v1.web.v1.v1x', 'other'])(
    'does not take Secret %s for a record of the release',
    (name) => {
      expect(headOf(address, secret({}, {}, name))).toBeUndefined();
    },
  );

  it.each([
    ...Object.keys(annotationsOf(notes))
      .filter((key) => !['tagalong.dev/chart-release', 'tagalong.dev/attempt', 'tagalong.dev/request'].includes(key))
      .map((key) => [key, undefined] as const),
    ['tagalong.dev/generation', 'x'],
    ['tagalong.dev/action', 'test'],
    ['tagalong.dev/trigger', 'x'],
    ['tagalong.dev/uid', ''],
  ] as const)('has no notes where annotation %s is %s', (key, value) => {
    const { [key]: _, ...others } = annotationsOf(notes);
    expect(headOf(address, secret({}, value === undefined ? others : { ...others, [key]: value }))?.notes).toBeUndefined();
  });

  it.each<readonly [string, Return]>([
    [
      'a failure that is undone',
      { kind: 'Failed', to: 2, failed: { revision: 3, generation: 4, reference: 'r/a:1', chartDigest: 'sha256:c', valuesDigest: 'sha256:d', attempt: 2, why: 'it "broke"' } },
    ],
    ['a revision that is held', { kind: 'Pinned', to: 2 }],
  ])('reads back the notes of %s', (_name, returns) => {
    const full: RevisionNotes = { ...notes, tag: '1.2.0_build.7', action: 'rollback', trigger: 'Rollback', attempt: 3, returns };
    expect(headOf(address, secret({}, annotationsOf(full)))?.notes).toEqual(full);
  });

  it.each(['', 'null', '{', '{"kind":"Failed","to":1}', '{"kind":"Pinned"}', '{"kind":"Failed","to":1,"failed":{"revision":"3"}}'])(
    'takes a revision for one that was rendered where its note of a return is %j',
    (json) => {
      expect(headOf(address, secret({}, { ...annotationsOf(notes), 'tagalong.dev/returns': json }))?.notes).toEqual(notes);
    },
  );

  it('knows when a revision ended', () => {
    expect(annotationsAtEnd({ status: 'failed' }, 300)).toEqual({ 'tagalong.dev/ended-at': '300', 'tagalong.dev/imprints': null });
    expect(headOf(address, secret({}, { 'tagalong.dev/ended-at': '300' }))?.endedAt).toBe(300);
  });

  it('keeps imprints only as long as a revision is deployed', () => {
    expect(annotationsAtEnd({ status: 'deployed', imprints: 'a,b' }, 300)).toMatchObject({ 'tagalong.dev/imprints': 'a,b' });
    expect(headOf(address, secret({}, { 'tagalong.dev/imprints': 'a,b' }))?.imprints).toBe('a,b');
    expect(annotationsAtEnd({ status: 'superseded' }, 300)).toEqual({ 'tagalong.dev/imprints': null });
  });

  it('knows whether somebody else has written the content', () => {
    const by = (manager: string, fields: object) => ({ manager, operation: 'Update', fieldsV1: fields });
    const [content, labels] = [{ 'f:data': { 'f:release': {} } }, { 'f:metadata': { 'f:labels': {} } }];
    const isTouched = (...managedFields: readonly object[]) => {
      const { metadata } = secret({});
      return headOf(address, { metadata: { ...metadata, managedFields } })?.isTouched ?? false;
    };
    expect([isTouched(by('tagalong', content)), isTouched(by('tagalong', content), by('kubectl-edit', labels))]).toEqual([false, false]);
    expect([isTouched(by('kubectl-edit', content), by('tagalong', labels)), isTouched(by('tagalong', labels))]).toEqual([true, true]);
  });

  it('tells what was found wrong with a record', () => {
    expect(headOf(address, secret({}, { ...annotationsOf(notes), [DAMAGE]: 'it is no JSON' }))).toMatchObject({ damage: 'it is no JSON', notes });
  });

  it('has notes where only the name of the ChartRelease is missing', () => {
    const { 'tagalong.dev/chart-release': _, ...others } = annotationsOf(notes);
    expect(headOf(address, secret({}, others))?.notes).toEqual({ ...notes, chartRelease: '' });
  });
});
