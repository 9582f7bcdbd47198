import type { Causes } from '../../src/ports/causes.ts';

/** Of a release that waits for nothing: nobody asks for a cause, and `forgotten` hears of each release that is let go of. */
export const unaskedCauses = (forgotten: (releaseKey: string) => void): Causes => ({
  of: () => Promise.reject(new Error('a cause is asked for')),
  forget: forgotten,
});
