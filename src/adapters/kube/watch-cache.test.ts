import { describe, expect, it } from 'vitest';
import { WatchCache } from './watch-cache.ts';
import type { Entry } from './watch-machine.ts';

const entry = (key: string, resourceVersion: string, uid = `uid-${key}`): Entry<string> => ({ key, uid, resourceVersion, value: `${key}@${resourceVersion}` });
const whole = (...entries: Entry<string>[]) => ({ kind: 'Collect', entries, isFirst: true, isLast: true }) as const;

describe('WatchCache', () => {
  it('tells the difference that a new list makes', () => {
    const cache = new WatchCache<string>();
    expect(cache.obey(whole(entry('a', '1'), entry('b', '2'), entry('c', '3'))).map(({ kind }) => kind)).toEqual(['Added', 'Added', 'Added']);
    expect(cache.obey(whole(entry('a', '1'), entry('b', '9'), entry('d', '4')))).toEqual([
      { kind: 'Deleted', before: entry('c', '3') },
      { kind: 'Updated', before: entry('b', '2'), now: entry('b', '9') },
      { kind: 'Added', now: entry('d', '4') },
    ]);
  });

  it('takes another UID for the end of one object and the beginning of another', () => {
    const cache = new WatchCache<string>();
    cache.obey(whole(entry('a', '1', 'old')));
    const expected = [
      { kind: 'Deleted', before: entry('a', '1', 'old') },
      { kind: 'Added', now: entry('a', '2', 'new') },
    ];
    expect(cache.obey(whole(entry('a', '2', 'new')))).toEqual(expected);
    cache.obey(whole(entry('a', '1', 'old')));
    expect(cache.obey({ kind: 'Put', entry: entry('a', '2', 'new') })).toEqual(expected);
  });

  it('keeps the old objects until the last page of a new list', () => {
    const cache = new WatchCache<string>();
    cache.obey(whole(entry('a', '1')));
    expect(cache.obey({ kind: 'Collect', entries: [entry('b', '2')], isFirst: true, isLast: false })).toEqual([]);
    expect([...cache.keys()]).toEqual(['a']);
    cache.obey({ kind: 'Collect', entries: [entry('c', '2')], isFirst: false, isLast: true });
    expect([...cache.keys()]).toEqual(['b', 'c']);
  });

  it('never mixes pages of two lists', () => {
    const cache = new WatchCache<string>();
    cache.obey({ kind: 'Collect', entries: [entry('a', '1')], isFirst: true, isLast: false });
    cache.obey(whole(entry('b', '2')));
    expect([...cache.keys()]).toEqual(['b']);
    expect(cache.isComplete).toBe(true);
  });

  it('tells of events, and not of an object that it did not have', () => {
    const cache = new WatchCache<string>();
    expect(cache.obey({ kind: 'Drop', entry: entry('a', '1') })).toEqual([]);
    expect(cache.obey({ kind: 'Put', entry: entry('a', '1') })).toEqual([{ kind: 'Added', now: entry('a', '1') }]);
    expect(cache.obey({ kind: 'Put', entry: entry('a', '1') })).toEqual([]);
    expect(cache.obey({ kind: 'Drop', entry: entry('a', '2') })).toEqual([{ kind: 'Deleted', before: entry('a', '1') }]);
    expect(cache.get('a')).toBeUndefined();
  });
});
