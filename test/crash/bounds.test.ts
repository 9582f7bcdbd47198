import { expect, it } from 'vitest';
import { namespaceComplaints, RECOVERY_MS, recoveryComplaints, restComplaints } from './bounds.ts';

it('I9: a recovery in time is none to complain of; a late one is, and one that never comes', () => {
  expect(recoveryComplaints(30_000, RECOVERY_MS, 'Ready')).toEqual([]);
  expect(recoveryComplaints(30_100, RECOVERY_MS, 'Ready')).toEqual(['there only 30.1 s after the operator was started again: Ready']);
  expect(recoveryComplaints(undefined, RECOVERY_MS, 'Progressing')).toEqual(['not there after the operator was started again: Progressing']);
});

it('I10: any write at rest is one too many', () => {
  expect(restComplaints([], 'install')).toEqual([]);
  const writes = Array.from({ length: 9 }, (_, at) => `PATCH /${at}`);
  expect(restComplaints(writes, 'install')).toEqual([`9 writes to a release at rest since install: ${writes.slice(0, 8).join(', ')}`]);
});

it('I13: a namespace that goes in time is none to complain of; one that stays is', () => {
  expect(namespaceComplaints(60_000, [])).toEqual([]);
  expect(namespaceComplaints(60_001, ['/registry/secrets/a/b'])).toEqual(['the namespace is not gone after 60 s; in it are /registry/secrets/a/b']);
  expect(namespaceComplaints(undefined, [])).toEqual(['the namespace is not gone after 60 s; in it are nothing']);
});
