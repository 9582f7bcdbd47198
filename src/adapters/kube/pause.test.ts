import { setImmediate } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { untilAborted } from './pause.ts';

describe('untilAborted', () => {
  it.each([
    ['before it is asked', true],
    ['while it waits', false],
  ])('leaves no rejection to nobody where the signal aborts %s', async (_, isBefore) => {
    const unhandled: unknown[] = [];
    const note = (error: unknown) => unhandled.push(error);
    process.on('unhandledRejection', note);
    onTestFinished(() => void process.off('unhandledRejection', note));
    const abort = new AbortController();
    const shared = Promise.withResolvers<string>();
    if (isBefore) abort.abort(new Error('enough'));
    const answer = untilAborted(shared.promise, abort.signal);
    abort.abort(new Error('enough'));
    await expect(answer).rejects.toThrow('enough');
    shared.reject(new Error('late'));
    await setImmediate();
    expect(unhandled).toEqual([]);
  });

  it('passes on what comes before', async () => {
    expect(await untilAborted(Promise.resolve('a'), new AbortController().signal)).toBe('a');
    await expect(untilAborted(Promise.reject(new Error('no')), new AbortController().signal)).rejects.toThrow('no');
  });
});
