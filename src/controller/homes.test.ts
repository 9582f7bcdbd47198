import { describe, expect, it } from 'vitest';
import { recordHead, revisionNotes } from '../../test/fakes/record-head.ts';
import type { RecordHead } from '../core/record.ts';
import { Homes } from './homes.ts';

const ADDRESS = { namespace: 'prod', releaseName: 'web' };

const record = (revision: number, isOurs: boolean): RecordHead => recordHead({ revision, notes: isOurs ? revisionNotes() : undefined });

/** Keys that are woken when these become the records of the release. */
const wokenBy = (records: readonly RecordHead[], prepare: (homes: Homes) => void = () => undefined): readonly string[] => {
  const woken: string[] = [];
  const homes = new Homes((key) => woken.push(key));
  homes.settle('apps/web', ADDRESS);
  homes.settle('apps/other', { ...ADDRESS, releaseName: 'other' });
  prepare(homes);
  homes.recordsChanged(ADDRESS, records);
  return woken;
};

describe('Homes', () => {
  it.each<readonly [string, readonly RecordHead[], readonly string[]]>([
    ['wakes a release of which helm has written the newest record', [record(1, true), record(2, false)], ['apps/web']],
    ['wakes a release whose records are gone', [], ['apps/web']],
    ['wakes a release of which somebody has written our newest record', [{ ...record(1, true), isTouched: true }], ['apps/web']],
    ['sleeps through what we write', [record(1, false), record(2, true)], []],
  ])('%s', (_name, records, woken) => {
    expect(wokenBy(records)).toEqual(woken);
  });

  it('wakes all that ask for it, and none that asks for another one by now, or is gone', () => {
    const woken = wokenBy([], (homes) => {
      homes.settle('test/web', ADDRESS);
      homes.settle('test/moved', ADDRESS);
      homes.settle('test/moved', { ...ADDRESS, namespace: 'test' });
      homes.settle('test/gone', ADDRESS);
      homes.forget('test/gone');
    });
    expect(woken).toEqual(['apps/web', 'test/web']);
  });
});
