import { describe, expect, it } from 'vitest';
import { type CacheOrder, type Entry, START, step, type WatchInput, type WatchState } from './watch-machine.ts';

const entry = (resourceVersion: string): Entry<string> => ({ key: 'default/a', uid: 'u', resourceVersion, value: 'v' });
const listing = (continueToken: string, failures = 0): WatchState => ({ kind: 'Listing', continueToken, failures });
const watching = (resourceVersion: string, failures = 0): WatchState => ({ kind: 'Watching', resourceVersion, failures });
const pausing = (delayMs: number, next: WatchState): WatchState => ({ kind: 'Pausing', delayMs, next: next as never });
const nothing: CacheOrder<string> = { kind: 'Nothing' };
const page = (continueToken: string, resourceVersion: string): WatchInput<string> => ({ kind: 'Page', entries: [entry('5')], continueToken, resourceVersion });
const collect = (isFirst: boolean, isLast: boolean): CacheOrder<string> => ({ kind: 'Collect', entries: [entry('5')], isFirst, isLast });

describe('step', () => {
  it.each<[string, WatchState, WatchInput<string>, WatchState, CacheOrder<string>]>([
    ['watches from where a list of one page ends', START, page('', '9'), watching('9'), collect(true, true)],
    ['asks for the page after the first', START, page('t1', ''), listing('t1'), collect(true, false)],
    ['watches after the last page', listing('t1', 3), page('', '9'), watching('9'), collect(false, true)],
    ['begins the list again when its token expired', listing('t1'), { kind: 'Gone' }, pausing(1250, listing('')), nothing],
    ['asks for the same page after a failure', listing('t1'), { kind: 'Failed' }, pausing(750, listing('t1', 1)), nothing],
    ['waits longer after each failure', listing('', 3), { kind: 'Failed' }, pausing(6000, listing('', 4)), nothing],
    ['waits for 10 s at most', listing('', 40), { kind: 'Failed' }, pausing(7_500, listing('', 41)), nothing],

    ['goes on from an event', watching('5', 2), { kind: 'Put', entry: entry('6') }, watching('6'), { kind: 'Put', entry: entry('6') }],
    ['goes on from a deletion', watching('5'), { kind: 'Drop', entry: entry('7') }, watching('7'), { kind: 'Drop', entry: entry('7') }],
    ['goes on from a bookmark', watching('5', 2), { kind: 'Bookmark', resourceVersion: '80' }, watching('80'), nothing],
    ['lists anew when its resourceVersion is too old', watching('5'), { kind: 'Gone' }, pausing(1250, listing('')), nothing],
    ['watches on at once when the server ends the watch', watching('5', 1), { kind: 'Ended', afterMs: 300_000, hadEvents: false }, watching('5'), nothing],
    ['watches on at once when there were events', watching('5'), { kind: 'Ended', afterMs: 10, hadEvents: true }, watching('5'), nothing],
    ['pauses when a watch ends at once', watching('5'), { kind: 'Ended', afterMs: 999, hadEvents: false }, pausing(750, watching('5', 1)), nothing],
    ['resumes after a failure', watching('5'), { kind: 'Failed' }, pausing(750, watching('5', 1)), nothing],
    ['lists anew when resuming fails again and again', watching('5', 10), { kind: 'Failed' }, pausing(7_500, listing('', 11)), nothing],

    ['goes on after the pause', pausing(10, watching('5', 1)), { kind: 'Woke' }, watching('5', 1), nothing],
    ['stays in the pause until it is over', pausing(10, listing('')), { kind: 'Gone' }, pausing(10, listing('')), nothing],
  ])('%s', (_, state, input, next, order) => {
    expect(step(state, input, 0.5)).toEqual({ state: next, order });
  });

  it.each([
    [0, 500],
    [0.999999, 2000],
  ])('lists anew after 0.5 to 2 s (chance %d)', (chance, delayMs) => {
    const { state } = step(watching('5'), { kind: 'Gone' }, chance);
    expect(state.kind === 'Pausing' ? Math.round(state.delayMs) : undefined).toBe(delayMs);
  });
});
