import type { RecordHead, RevisionNotes } from '../../src/core/record.ts';

/** The head of the record of revision 1, deployed by a person's helm, with what a test says of it. */
export const recordHead = (more: Partial<RecordHead> = {}): RecordHead => ({
  secret: `sh.helm.release.v1.web.v${more.revision ?? 1}`,
  revision: 1,
  status: 'deployed',
  resourceVersion: '1',
  createdAt: 0,
  modifiedAt: 0,
  endedAt: undefined,
  notes: undefined,
  ...more,
});

/** Notes of an upgrade of ChartRelease apps/web, with what a test says of it. */
export const revisionNotes = (more: Partial<RevisionNotes> = {}): RevisionNotes => ({
  uid: 'u',
  chartRelease: 'apps/web',
  generation: 1,
  reference: 'r/web:1',
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
  ...more,
});
