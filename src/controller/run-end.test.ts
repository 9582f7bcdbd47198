import { expect, it } from 'vitest';
import type { Reason } from '../api/reasons.ts';
import type { RunEnd } from '../ports/metrics.ts';
import { runEndOf } from './run-end.ts';

const TABLE: readonly (readonly [string, Reason | undefined, number | undefined, RunEnd])[] = [
  ['a release that is gone', undefined, undefined, 'Success'],
  ['a release that is as asked for', 'UpgradeSucceeded', undefined, 'Success'],
  ['a release whose tag is asked again soon', 'UpgradeSucceeded', 30_000, 'LookAgain'],
  ['a revision that is waited for', 'Progressing', 300_000, 'LookAgain'],
  ['a failure that is tried again', 'ChartNotFound', 10_000, 'Failed'],
  ['a failed revision that only its objects can mend', 'UpgradeFailed', undefined, 'Failed'],
  ['a spec that cannot work', 'InvalidReference', undefined, 'Stalled'],
  ['a fault of the operator', 'ReconcileFailed', 10_000, 'Fault'],
];

it.each(TABLE)('counts the run of %s', (_, reason, lookAgainAfterMs, end) => {
  expect(runEndOf({ outcome: reason && { reason }, lookAgainAfterMs })).toBe(end);
});
