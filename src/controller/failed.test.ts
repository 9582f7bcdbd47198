import { expect, it } from 'vitest';
import type { ChartRelease } from '../api/chart-release.ts';
import type { Outcome } from '../core/status.ts';
import { withSoonLook } from './failed.ts';

it.each<readonly [string, Outcome['reason'], boolean, number | undefined]>([
  ['soon where a namespace that we make is missing', 'NamespaceNotFound', true, 10_000],
  ['after a pause that grows where somebody else has to make it', 'NamespaceNotFound', false, undefined],
  ['after a pause that grows where something else is wrong', 'Forbidden', true, undefined],
])('looks again %s', (_, reason, createNamespace, lookAgainAfterMs) => {
  const release = { spec: { createNamespace } } as unknown as ChartRelease; // what is not looked at is left out
  expect(withSoonLook(release, { reason, message: '' }).lookAgainAfterMs).toBe(lookAgainAfterMs);
});
