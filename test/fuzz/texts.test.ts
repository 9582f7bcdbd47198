import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TEXT_READERS } from './texts.ts';

// `make fuzz` has each read many more, and looks at the time that it takes.
describe('readers of foreign text', () => {
  it.each(TEXT_READERS)('answer whatever comes: $what', async ({ text, read }) => {
    let seen = 0;
    await fc.assert(
      fc.asyncProperty(text, async (one) => {
        seen += 1;
        await read(one);
      }),
      { numRuns: 300 },
    );
    expect(seen).toBeGreaterThanOrEqual(300);
  });
});
