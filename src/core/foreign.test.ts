import { describe, expect, it } from 'vitest';
import type { HistoryEntry } from '../api/chart-release.ts';
import { timestamp } from '../api/time.ts';
import { recordHead, revisionNotes } from '../../test/fakes/record-head.ts';
import { isAtWork, isRewritten, lastAskedOf, lastTold, stepFor, toldOf, triggerAfter } from './foreign.ts';
import type { RecordHead, RecordStatus, RevisionNotes } from './record.ts';

const MADE_AT = 1_700_000_000;
const WANTED = { chartDigest: 'sha256:a', valuesDigest: 'sha256:1' };

const byHelm = (revision: number, status: RecordStatus = 'deployed'): RecordHead => recordHead({ revision, status, createdAt: MADE_AT + revision, modifiedAt: MADE_AT + revision });

const ours = (revision: number, notes: Partial<RevisionNotes> = {}): RecordHead => ({ ...byHelm(revision, 'superseded'), notes: revisionNotes({ ...WANTED, ...notes }) });

const told = (revision: number, more: Partial<HistoryEntry> = {}): HistoryEntry => ({
  revision,
  digest: WANTED.chartDigest,
  values: WANTED.valuesDigest,
  chartVersion: '1.0.0',
  action: 'upgrade',
  trigger: 'DigestChanged',
  outcome: 'deployed',
  when: timestamp((MADE_AT + revision) * 1000),
  ...more,
});

const toldByHand = ({ digest: _digest, values: _values, ...entry }: HistoryEntry): HistoryEntry => entry;

describe('lastAskedOf', () => {
  it.each<readonly [string, readonly RecordHead[], readonly HistoryEntry[], ReturnType<typeof lastAskedOf>]>([
    ['is nothing before anything was asked for', [byHelm(1)], [], undefined],
    ['is what the newest record with notes was opened for', [ours(1, { chartDigest: 'sha256:b' }), ours(2), byHelm(3)], [], { revision: 2, record: ours(2), ...WANTED }],
    [
      'is what status told where helm has dropped the notes',
      [ours(1, { chartDigest: 'sha256:b' }), byHelm(2), byHelm(3)],
      [told(2)],
      { revision: 2, record: byHelm(2), ...WANTED },
    ],
    [
      'is what failed, and not what it was undone with',
      [ours(1, { chartDigest: 'sha256:b' }), ours(2), byHelm(3), byHelm(4)],
      [told(3, { action: 'rollback', digest: 'sha256:b' })],
      { revision: 2, record: ours(2), ...WANTED },
    ],
    ['is what status told of though helm has dropped the record', [byHelm(11), byHelm(12)], [toldByHand(told(11)), told(1)], { revision: 1, record: undefined, ...WANTED }],
    ['is nothing where nothing of the release is ours', [], [told(1)], undefined],
    ['is nothing where somebody has installed the release anew', [byHelm(1)], [told(1, { when: timestamp(0) })], undefined],
    ["is not what status told of a person's", [ours(1), byHelm(2)], [toldByHand(told(2))], { revision: 1, record: ours(1), ...WANTED }],
  ])('%s', (_name, own, history, expected) => {
    expect(lastAskedOf(own, history)).toEqual(expected);
  });
});

describe('toldOf', () => {
  it.each([
    ['knows a revision by its number and its time', told(2), true],
    ['bears clocks that are apart a little', told(2, { when: timestamp((MADE_AT + 50) * 1000) }), true],
    ['does not take a later revision of that number for it', told(2, { when: timestamp((MADE_AT + 5000) * 1000) }), false],
    ['does not take another one for it', told(3, { when: timestamp((MADE_AT + 2) * 1000) }), false],
  ])('%s', (_name, entry, isKnown) => {
    expect(toldOf(byHelm(2), [told(1), entry])).toEqual(isKnown ? entry : undefined);
  });
});

it.each([
  ['a record without notes that status told of', byHelm(2), [told(2)], true],
  ["a person's that status told of", byHelm(2), [toldByHand(told(2))], false],
  ['a record with notes', ours(2), [told(2)], false],
] as const)('isRewritten: %s', (_name, record, history, expected) => {
  expect(isRewritten(record, history)).toBe(expected);
});

it('lastTold passes over what was not asked for', () => {
  const history = [toldByHand(told(4)), told(3, { action: 'rollback' }), told(2), told(1)];
  expect(lastTold(history)).toEqual(told(2));
});

describe('stepFor', () => {
  const last = { revision: 1, record: ours(1), ...WANTED };
  it.each([
    ['keeps what a person made', byHelm(2), last, [], 'Warn', 'Theirs'],
    ['keeps it without a word', byHelm(2), last, [], 'Ignore', 'Theirs'],
    ['takes it back where drift is corrected', byHelm(2), last, [], 'Correct', 'TakenBack'],
    ['takes back what failed', byHelm(2, 'failed'), last, [], 'Correct', 'TakenBack'],
    ['goes on where another chart is asked for, whatever becomes of drift', byHelm(2), { ...last, chartDigest: 'sha256:b' }, [], 'Correct', undefined],
    ['keeps what a person did not bring to its end', byHelm(2, 'failed'), last, [], 'Warn', 'Theirs'],
    ['goes on where a person has uninstalled', byHelm(2, 'uninstalled'), last, [], 'Warn', undefined],
    ['goes on where other values are asked for', byHelm(2), { ...last, valuesDigest: 'sha256:2' }, [], 'Warn', undefined],
    ['goes on where another chart is asked for', byHelm(2), { ...last, chartDigest: 'sha256:b' }, [], 'Warn', undefined],
    ['goes on where nobody knows what was asked for', byHelm(2), undefined, [], 'Warn', undefined],
    ['knows our own revision again', byHelm(2), last, [told(2)], 'Correct', 'Ours'],
  ] as const)('%s', (_name, newest, asked, history, mode, expected) => {
    expect(stepFor(newest, WANTED, asked, history, mode)).toBe(expected);
  });
});

describe('triggerAfter', () => {
  const last = { revision: 1, record: ours(1), ...WANTED };
  it.each([
    ['Adopted', undefined, false, true],
    ['ChangedByHand', undefined, true, true],
    ['ChangedByHand', last, true, true],
    ['DigestChanged', { ...last, chartDigest: 'sha256:b' }, true, true],
    ['ValuesChanged', { ...last, valuesDigest: 'sha256:2' }, true, true],
    ['SpecChanged', { ...last, valuesDigest: 'sha256:2' }, true, false],
  ] as const)('is %s', (trigger, asked, isOurs, isSameSpec) => {
    expect(triggerAfter(asked, WANTED, { isOurs, isSameSpec })).toBe(trigger);
  });
});

it.each([
  ['pending-upgrade', true],
  ['uninstalling', true],
  ['uninstalled', false],
  ['failed', false],
  ['deployed', false],
] as const)('isAtWork: of %s is %s', (status, expected) => {
  expect(isAtWork(byHelm(1, status))).toBe(expected);
});
