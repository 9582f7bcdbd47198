import { describe, expect, it } from 'vitest';
import { missedIn, type Report } from './run.ts';

const report = (unmet: Report['unmet']): Report => ({ runs: 98, unmet, findings: [], busiest: undefined });
const byChance = (name: string) => ({ name, isByChance: true });

describe('a run whose fault did not come', () => {
  it.each<readonly [string, Report['unmet'], readonly string[]]>([
    ['is none where all came', [], []],
    ['is missed', [{ name: 'a' }], ['a']],
    ['is let be where it hangs on chance', [byChance('a'), byChance('b')], []],
    ['is missed beside those that are let be', [byChance('a'), { name: 'b' }], ['b']],
    ['is missed where too many hang on chance', [byChance('a'), byChance('b'), byChance('c')], ['a', 'b', 'c']],
  ])('%s', (_, unmet, missed) => {
    expect(missedIn(report(unmet), 2)).toEqual(missed);
  });
});
