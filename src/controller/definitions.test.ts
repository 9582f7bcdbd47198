import { describe, expect, it } from 'vitest';
import { Definitions } from './definitions.ts';

describe('Definitions', () => {
  it('knows for a minute what was in order', () => {
    const definitions = new Definitions();
    expect(definitions.has('a', 0)).toBe(false);
    definitions.keep('a', 1_000);
    expect([1_000, 60_999, 61_000].map((now) => definitions.has('a', now))).toEqual([true, true, false]);
    expect(definitions.has('b', 1_000)).toBe(false);
    definitions.keep('a', 61_000);
    expect(definitions.has('a', 61_000)).toBe(true);
  });

  it('forgets the oldest of many', () => {
    const definitions = new Definitions();
    for (let index = 0; index <= 1_000; index += 1) definitions.keep(`chart ${index}`, 0);
    expect(['chart 0', 'chart 1', 'chart 1000'].map((chart) => definitions.has(chart, 0))).toEqual([false, true, true]);
  });
});
