import { describe, expect, it } from 'vitest';
import type { RecordHead } from './record.ts';
import { describeFailure, describeRunning, describeWaiting } from './story.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;

const record = (reference = 'ghcr.io/charts/podinfo:6.9'): RecordHead => ({
  secret: 'sh.helm.release.v1.podinfo.v3',
  revision: 3,
  status: 'deployed',
  resourceVersion: '1',
  createdAt: 0,
  modifiedAt: 0,
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
  },
});
const bare: RecordHead = { ...record(), notes: undefined };

describe('describeRunning', () => {
  it.each<readonly [string, RecordHead, string]>([
    ['says what runs and when its tag is looked at', record(), 'podinfo 6.9.0 (abababababab) runs as revision 3; ghcr.io/charts/podinfo:6.9 is looked at every 1m30s'],
    ['says that a digest pins', record(`ghcr.io/charts/podinfo@${DIGEST}`), 'podinfo 6.9.0 (abababababab) runs as revision 3; pinned by digest'],
    ['says that a digest beside a tag pins', record(`ghcr.io/charts/podinfo:6.9@${DIGEST}`), 'podinfo 6.9.0 (abababababab) runs as revision 3; pinned by digest'],
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
  it.each([
    ['an object that failed', 'Failed', `revision 3 (abababababab) failed: ${message}; it stays in place and is deployed as soon as it becomes ready`],
    ['the end of the wait', 'Waiting', `revision 3 (abababababab) was not ready within 5m: ${message}; it stays in place and is deployed as soon as it becomes ready`],
  ] as const)('tells %s and what happens next', (_name, kind, text) => {
    expect(describeFailure(record(), { kind, message }, '5m')).toBe(text);
  });
});
