import { describe, expect, it } from 'vitest';
import { LastWords } from './last-words.ts';

const said = (...chunks: string[]): LastWords => {
  const words = new LastWords();
  for (const chunk of chunks) words.push(Buffer.from(chunk));
  return words;
};

describe('LastWords', () => {
  it('puts lines together from chunks', () => {
    expect(said('one\nt', 'wo\n\nthr').lines).toEqual(['one', 'two', 'thr']);
  });

  it('keeps the last twenty lines, and the start of each', () => {
    const { lines } = said(...Array.from({ length: 100 }, (_, index) => `${index} ${'x'.repeat(1000)}\n`));
    expect(lines).toHaveLength(20);
    expect(lines.at(-1)).toMatch(/^99 x{297}$/);
  });

  it('sums up a crash by its first line, and anything else by the last', () => {
    expect(said('hello\n', 'panic: oh\n\ngoroutine 1 [running]:\n').summary).toBe('panic: oh');
    expect(said('hello\nbye\n').summary).toBe('bye');
    expect(said('').summary).toBe('');
  });
});
