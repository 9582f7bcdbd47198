import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TEXT_READERS } from './texts.ts';

// `make fuzz` has each read many more, and looks at the time that it takes.
describe('readers of foreign text', () => {
  it.each(TEXT_READERS)('answer whatever comes: $what', ({ text, read }) => {
    let seen = 0;
    fc.assert(
      fc.property(text, (one) => {
        seen += 1;
        read(one);
      }),
      { numRuns: 300 },
    );
    expect(seen).toBeGreaterThanOrEqual(300);
  });
});
