import { describe, expect, it } from 'vitest';
import type { RevisionNotes } from '../../ports/records.ts';
import { annotationsOf, headOf } from './record-secret.ts';

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
};
const secret = (labels: Readonly<Record<string, string>>, annotations: Readonly<Record<string, string>> = annotationsOf(notes), name = 'sh.helm.release.v1.web.v1.v12') => ({
  metadata: { name, resourceVersion: '5', creationTimestamp: '2026-01-01T00:00:00Z', labels, annotations },
});

describe('headOf', () => {
  it('reads back what was written', () => {
    expect(headOf(address, secret({ status: 'deployed', createdAt: '100', modifiedAt: '200' }))).toEqual({
      secret: 'sh.helm.release.v1.web.v1.v12',
      revision: 12,
      status: 'deployed',
      resourceVersion: '5',
      createdAt: 100,
      modifiedAt: 200,
      notes,
    });
  });

  it('takes the time of creation where labels have none, and an unknown status for unknown', () => {
    expect(headOf(address, secret({ status: 'strange' }))).toMatchObject({ status: 'unknown', createdAt: 1767225600, modifiedAt: 1767225600 });
  });

  it.each(['sh.helm.release.v1.web.v12', 'sh.helm.release.v1.web.v1.v', 'sh.helm.release.v1.web.v1.v0', 'sh.helm.release.v1.web.v1.v1x', 'other'])(
    'does not take Secret %s for a record of the release',
    (name) => {
      expect(headOf(address, secret({}, {}, name))).toBeUndefined();
    },
  );

  it.each([
    ...Object.keys(annotationsOf(notes))
      .filter((key) => key !== 'tagalong.dev/chart-release')
      .map((key) => [key, undefined] as const),
    ['tagalong.dev/generation', 'x'],
    ['tagalong.dev/action', 'rollback'],
    ['tagalong.dev/trigger', 'x'],
    ['tagalong.dev/uid', ''],
  ] as const)('has no notes where annotation %s is %s', (key, value) => {
    const { [key]: _, ...others } = annotationsOf(notes);
    expect(headOf(address, secret({}, value === undefined ? others : { ...others, [key]: value }))?.notes).toBeUndefined();
  });

  it('has notes where only the name of the ChartRelease is missing', () => {
    const { 'tagalong.dev/chart-release': _, ...others } = annotationsOf(notes);
    expect(headOf(address, secret({}, others))?.notes).toEqual({ ...notes, chartRelease: '' });
  });
});
