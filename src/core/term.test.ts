import { describe, expect, it } from 'vitest';
import { recordHead } from '../../test/fakes/record-head.ts';
import type { RecordHead, RecordStatus, Term } from './record.ts';
import { highestEpochIn, openedLater } from './term.ts';

const LEASE = 'tagalong-system/tagalong-operator';

const record = (epoch: number | undefined, status: RecordStatus = 'pending-upgrade', lease = LEASE): RecordHead =>
  recordHead({ secret: `record of ${epoch}`, status, ...(epoch !== undefined && { term: { lease, epoch } }) });

describe('the highest epoch in records', () => {
  it.each<readonly [string, readonly RecordHead[], number | undefined, number | undefined]>([
    ['is none where none has one', [record(undefined)], undefined, undefined],
    ['is that of any status', [record(3, 'deployed'), record(5, 'superseded'), record(4)], undefined, 5],
    ['is the one that was known where that is higher', [record(3)], 8, 8],
    ['may be the first there is', [record(0)], undefined, 0],
    ['is not that of another Lease', [record(9, 'deployed', 'elsewhere/tagalong-operator')], 2, 2],
  ])('%s', (_, records, known, highest) => {
    expect(highestEpochIn(records, LEASE, known)).toBe(highest);
  });
});

describe('what a leader of epoch 4 finds', () => {
  const own: Term = { lease: LEASE, epoch: 4 };

  it('is a revision that a later leader has begun', () => {
    expect(openedLater([record(3), record(5)], own)).toEqual({ record: 'record of 5', epoch: 5 });
  });

  it.each<readonly [string, RecordHead]>([
    ['his own', record(4)],
    ['that of an earlier leader, which he goes on with', record(3)],
    ['that of an operator without election', record(undefined)],
    ['one that has ended', record(5, 'deployed')],
    ['that of an operator with another Lease', record(5, 'pending-upgrade', 'elsewhere/tagalong-operator')],
  ])('is nothing where it is %s', (_, head) => {
    expect(openedLater([head], own)).toBeUndefined();
  });
});
