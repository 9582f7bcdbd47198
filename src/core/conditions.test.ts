import { describe, expect, it } from 'vitest';
import type { Condition } from '../api/conditions.ts';
import { conditionOf, conditionsFor, type Claim } from './conditions.ts';

const BEFORE = '2026-01-01T00:00:00Z';
const NOW = '2026-01-02T00:00:00Z';

const ready = (status: Condition['status'], reason = 'UpgradeSucceeded', message = 'runs'): Claim => ({ type: 'Ready', status, reason, message });
const stalled: Claim = { type: 'Stalled', status: 'True', reason: 'InvalidSpec', message: 'no such field' };
const written = (claim: Claim): Condition => ({ ...claim, observedGeneration: 1, lastTransitionTime: BEFORE });

describe('conditionsFor', () => {
  it.each<readonly [string, readonly Claim[], readonly Condition[], readonly Condition[]]>([
    ['begins a condition now', [ready('True')], [], [{ ...ready('True'), observedGeneration: 2, lastTransitionTime: NOW }]],
    ['keeps the time of a condition with the same status', [ready('True')], [written(ready('True'))], [{ ...ready('True'), observedGeneration: 2, lastTransitionTime: BEFORE }]],
    [
      'keeps the time also when reason and message are others',
      [ready('False', 'Forbidden', 'may not')],
      [written(ready('False'))],
      [{ ...ready('False', 'Forbidden', 'may not'), observedGeneration: 2, lastTransitionTime: BEFORE }],
    ],
    ['takes the time when the status changed', [ready('False')], [written(ready('True'))], [{ ...ready('False'), observedGeneration: 2, lastTransitionTime: NOW }]],
    [
      'leaves out a condition that nobody claims any more',
      [ready('True')],
      [written(ready('True')), written(stalled)],
      [{ ...ready('True'), observedGeneration: 2, lastTransitionTime: BEFORE }],
    ],
    ['says nothing when nothing is claimed', [], [written(ready('True'))], []],
  ])('%s', (_name, claims, previous, expected) => {
    expect(conditionsFor(claims, previous, { generation: 2, now: NOW })).toEqual(expected);
  });
});

describe('conditionOf', () => {
  const conditions = [written(ready('True')), written(stalled)];

  it('finds the condition of a type', () => {
    expect(conditionOf(conditions, 'Stalled')).toBe(conditions[1]);
  });

  it('finds nothing where there is none', () => {
    expect(conditionOf(conditions, 'FetchFailed')).toBeUndefined();
    expect(conditionOf(undefined, 'Ready')).toBeUndefined();
  });
});
