import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordHead, revisionNotes } from '../../test/fakes/record-head.ts';
import { chartAges, digestsIn, joinAges, type KeptChart, roomFor } from './kept-charts.ts';
import type { RecordHead, RecordStatus } from './record.ts';

const digestOf = (letter: string): string => `sha256:${letter.repeat(64)}`;
const chart = (letter: string, repository = 'r.example/ns/app'): string => `${repository}@${digestOf(letter)}`;

/** A record of ours, of the chart with that letter. */
const ours = (revision: number, letter: string, status: RecordStatus = 'superseded', reference = 'r.example/ns/app:stable'): RecordHead =>
  recordHead({ revision, status, notes: revisionNotes({ reference, chartDigest: digestOf(letter) }) });
const byHand = (revision: number): RecordHead => recordHead({ revision, status: 'superseded' });

describe('chartAges', () => {
  it.each<readonly [string, readonly RecordHead[], Readonly<Record<string, number>>]>([
    ['has nothing for no records', [], {}],
    ['counts back from the newest', [ours(1, 'a'), ours(2, 'b'), ours(3, 'c', 'deployed')], { [chart('c')]: 0, [chart('b')]: 1, [chart('a')]: 2 }],
    ['counts revisions of one chart once', [ours(1, 'a'), ours(2, 'b'), ours(3, 'b'), ours(4, 'b', 'deployed')], { [chart('b')]: 0, [chart('a')]: 1 }],
    [
      'takes what runs for as young as what is under way',
      [ours(1, 'a'), ours(2, 'b', 'deployed'), ours(3, 'c', 'pending-upgrade')],
      { [chart('c')]: 0, [chart('b')]: 0, [chart('a')]: 2 },
    ],
    ['takes a chart that was gone back to for as young as it is now', [ours(1, 'a'), ours(2, 'b', 'failed'), ours(3, 'a', 'deployed')], { [chart('a')]: 0, [chart('b')]: 1 }],
    ["passes over what a person's helm made", [ours(1, 'a'), byHand(2)], { [chart('a')]: 0 }],
    [
      'knows the repository of a range, of a pinned digest, and of another spec',
      [ours(1, 'a', 'superseded', 'r.example/ns/old@sha256:1'), ours(2, 'b', 'superseded', `r.example/ns/old:1@${digestOf('b')}`), ours(3, 'c', 'deployed', 'r.example/ns/app ^1')],
      { [chart('c')]: 0, [chart('b', 'r.example/ns/old')]: 1 },
    ],
    ['passes over a note that is no digest', [recordHead({ notes: revisionNotes({ chartDigest: 'sha256:a' }) })], {}],
  ])('%s', (_name, records, ages) => {
    expect(Object.fromEntries(chartAges(records))).toEqual(ages);
  });
});

describe('joinAges', () => {
  it('takes a chart for as young as in the release where it is youngest', () => {
    const one = chartAges([ours(1, 'a'), ours(2, 'b', 'deployed')]);
    const other = chartAges([ours(1, 'b'), ours(2, 'a', 'deployed'), ours(3, 'c', 'failed')]);
    expect(Object.fromEntries(joinAges([one, other]))).toEqual({ [chart('a')]: 0, [chart('b')]: 0, [chart('c')]: 0 });
  });
});

describe('digestsIn', () => {
  it('has the charts of one repository, the youngest first', () => {
    const records = [ours(1, 'a'), ours(2, 'b', 'superseded', 'r.example/ns/old:1'), ours(3, 'c', 'deployed'), ours(4, 'd', 'failed'), ours(5, 'a', 'pending-upgrade')];
    expect(digestsIn(records, { registry: 'r.example', repository: 'ns/app' })).toEqual(['a', 'c', 'd'].map(digestOf));
    expect(digestsIn(records, { registry: 'r.example', repository: 'ns/old' })).toEqual([digestOf('b')]);
    expect(digestsIn(records, { registry: 'r.example', repository: 'ns' })).toEqual([]);
  });
});

const RUNS = { id: 'runs', bytes: 40, age: 0 };
const BEFORE = { id: 'before', bytes: 30, age: 1 };
const LONG_AGO = { id: 'long ago', bytes: 20, age: 7 };
const STRAY = { id: 'stray', bytes: 10, age: undefined };
const OTHER_STRAY = { id: 'other stray', bytes: 10, age: undefined };

describe('roomFor', () => {
  it.each<readonly [string, Omit<KeptChart<string>, 'id'>, readonly KeptChart<string>[], readonly string[] | 'None']>([
    ['lets nothing go where there is room', { bytes: 30, age: 0 }, [RUNS, BEFORE], []],
    ['lets go of what is in no history, used longest ago first', { bytes: 20, age: 0 }, [STRAY, RUNS, OTHER_STRAY, BEFORE], ['stray']],
    ['then of what is furthest back', { bytes: 25, age: 0 }, [BEFORE, RUNS, LONG_AGO, STRAY], ['stray', 'long ago']],
    ['takes what is in no history yet for what is about to run', { bytes: 60, age: undefined }, [BEFORE, RUNS], ['before']],
    ['never lets go of what runs', { bytes: 61, age: 0 }, [RUNS, BEFORE], 'None'],
    ['has no room for what is older than all that is there', { bytes: 20, age: 8 }, [RUNS, BEFORE, LONG_AGO], 'None'],
    ['has two of one age not take turns', { bytes: 80, age: 1 }, [BEFORE], 'None'],
    ['lets nothing go for what does not fit at all', { bytes: 101, age: 0 }, [STRAY], 'None'],
  ])('%s', (_name, wanted, kept, without) => {
    const room = roomFor(wanted, kept, 100);
    expect(room.kind === 'None' ? 'None' : room.without.map(({ id }) => id)).toEqual(without);
  });

  it('keeps the bound, and all that runs', () => {
    const kept = fc.record({ id: fc.nat(), bytes: fc.nat(50), age: fc.option(fc.nat(3), { nil: undefined }) });
    fc.assert(
      fc.property(kept, fc.array(kept, { maxLength: 8 }), (wanted, all) => {
        const room = roomFor(wanted, all, 100);
        if (room.kind === 'None') return;
        const left = all.filter((one) => !room.without.includes(one));
        expect(left.reduce((sum, { bytes }) => sum + bytes, wanted.bytes)).toBeLessThanOrEqual(Math.max(100, wanted.bytes));
        expect(room.without.every(({ age }) => age !== 0)).toBe(true);
      }),
    );
  });
});
