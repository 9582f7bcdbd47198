import { describe, expect, it } from 'vitest';
import { parseBudget } from './rate-limit.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const HOUR = 3_600_000;

describe('parseBudget', () => {
  it.each<readonly [string, Readonly<Record<string, string>>, { readonly limit: number | undefined; readonly remaining: number; readonly forMs: number } | undefined]>([
    ['nothing where there is nothing', {}, undefined],
    ["Docker Hub's window", { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '76;w=21600' }, { limit: 100, remaining: 76, forMs: 6 * HOUR }],
    ['the window of the limit alone', { 'ratelimit-limit': '100;w=60', 'ratelimit-remaining': '0' }, { limit: 100, remaining: 0, forMs: 60_000 }],
    ['the three headers of early drafts', { 'ratelimit-limit': '10', 'ratelimit-remaining': '4', 'ratelimit-reset': '30' }, { limit: 10, remaining: 4, forMs: 30_000 }],
    ['a limit with policies behind it', { 'ratelimit-limit': '10, 10;w=1, 50;w=60', 'ratelimit-remaining': '4' }, { limit: 10, remaining: 4, forMs: HOUR }],
    ["GitLab's reset, which is a time", { 'ratelimit-remaining': '4', 'ratelimit-reset': String(NOW / 1000 + 90) }, { limit: undefined, remaining: 4, forMs: 90_000 }],
    ['what is left without a word for how long', { 'ratelimit-remaining': '4' }, { limit: undefined, remaining: 4, forMs: HOUR }],
    ['the one header of draft 07', { ratelimit: 'limit=100, remaining=50, reset=50', 'ratelimit-policy': '100;w=60' }, { limit: 100, remaining: 50, forMs: 50_000 }],
    ['that of draft 07 without a reset', { ratelimit: 'limit=100, remaining=50', 'ratelimit-policy': '100;w=60' }, { limit: 100, remaining: 50, forMs: 60_000 }],
    ['the named policy of later drafts', { ratelimit: '"default";r=50;t=30', 'ratelimit-policy': '"default";q=100;w=60' }, { limit: 100, remaining: 50, forMs: 30_000 }],
    ['a named policy without a reset', { ratelimit: '"default";r=50', 'ratelimit-policy': '"default";q=100;w=60' }, { limit: 100, remaining: 50, forMs: 60_000 }],
    [
      'of several policies the one that runs out first',
      { ratelimit: '"burst";r=90;t=1, "daily";r=50;t=80000', 'ratelimit-policy': '"burst";q=100;w=60,"daily";q=1000;w=86400' },
      { limit: 1000, remaining: 50, forMs: 80_000_000 },
    ],
    ['a day at most', { 'ratelimit-remaining': '4;w=9999999' }, { limit: undefined, remaining: 4, forMs: 24 * HOUR }],
    ['nothing of words', { 'ratelimit-remaining': 'many', ratelimit: 'plenty' }, undefined],
    ['nothing of numbers that are none', { 'ratelimit-remaining': '-1' }, undefined],
    ['nothing of numbers beyond all measure', { 'ratelimit-remaining': '99999999999999999999' }, undefined],
  ])('reads %s', (_name, headers, expected) => {
    const budget = parseBudget(headers, NOW);
    expect(budget && { limit: budget.limit, remaining: budget.remaining, forMs: budget.until - NOW }).toEqual(expected);
  });

  it('takes a time that has passed for one that is about to', () => {
    expect(parseBudget({ 'ratelimit-remaining': '0', 'ratelimit-reset': String(NOW / 1000 - 90) }, NOW)).toEqual({ limit: undefined, remaining: 0, until: NOW + 1 });
  });
});
