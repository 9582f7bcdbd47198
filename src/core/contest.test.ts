import { describe, expect, it } from 'vitest';
import { type Correction, nextCorrection, type NextCorrection } from './contest.ts';

const now = 1_000_000_000;
const ago = (seconds: number, returns: number): Correction => ({ at: now - seconds * 1000, returns });

describe('nextCorrection', () => {
  it.each<{ of: string; last: Correction | undefined; expected: NextCorrection }>([
    { of: 'what was never corrected', last: undefined, expected: { kind: 'Now', returns: 0 } },
    { of: 'what comes back once', last: ago(1, 0), expected: { kind: 'Now', returns: 1 } },
    { of: 'what comes back a second time', last: ago(1, 1), expected: { kind: 'Later', afterMs: 9_000 } },
    { of: 'what came back a second time, after the pause', last: ago(10, 1), expected: { kind: 'Now', returns: 2 } },
    { of: 'what comes back a third time', last: ago(1, 2), expected: { kind: 'Later', afterMs: 19_000 } },
    { of: 'what comes back without end: the pause ends growing', last: ago(0, 50), expected: { kind: 'Later', afterMs: 600_000 } },
    { of: 'what was left alone for a minute', last: ago(60, 1), expected: { kind: 'Now', returns: 0 } },
    { of: 'what was left alone for less than twice the pause', last: ago(1_100, 50), expected: { kind: 'Now', returns: 51 } },
    { of: 'what was left alone for twice the pause', last: ago(1_200, 50), expected: { kind: 'Now', returns: 0 } },
  ])('$of', ({ last, expected }) => {
    expect(nextCorrection(last, now)).toEqual(expected);
  });
});
