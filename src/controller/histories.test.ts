import { describe, expect, it } from 'vitest';
import { recordHead, revisionNotes } from '../../test/fakes/record-head.ts';
import { Histories } from './histories.ts';

const ADDRESS = { namespace: 'prod', releaseName: 'web' };
const record = (revision: number, letter: string) =>
  recordHead({ revision, status: 'superseded', notes: revisionNotes({ reference: 'r.example/ns/app:1', chartDigest: `sha256:${letter.repeat(64)}` }) });
const chart = (letter: string): string => `r.example/ns/app@sha256:${letter.repeat(64)}`;

describe('Histories', () => {
  it('has the charts of the records as they are now', () => {
    const histories = new Histories();
    histories.recordsChanged(ADDRESS, [record(1, 'a')]);
    expect([...histories.ages()]).toEqual([[chart('a'), 0]]);
    histories.recordsChanged(ADDRESS, [record(1, 'a'), record(2, 'b')]);
    histories.recordsChanged({ ...ADDRESS, releaseName: 'other' }, [record(1, 'c')]);
    expect(Object.fromEntries(histories.ages())).toEqual({ [chart('b')]: 0, [chart('a')]: 1, [chart('c')]: 0 });
    histories.recordsChanged(ADDRESS, []);
    expect([...histories.ages()]).toEqual([[chart('c'), 0]]);
  });
});
