import { expect, it } from 'vitest';
import { trafficIn } from './traffic.ts';

const request = (receivedAt: number, what = 'get secrets', status = 200) => ({ what, kind: 'Write', userAgent: 'tagalong', receivedAt, answeredAt: receivedAt, status }) as const;

it('counts requests by the second, by kind, and those that were refused', () => {
  const requests = [
    request(1_100),
    request(1_900, 'patch secrets'),
    request(2_000, 'patch secrets', 429),
    request(9_000, 'patch secrets', 503),
    request(9_999),
    request(9_100, 'patch secrets'),
  ];
  expect(trafficIn(requests)).toEqual({
    requests: 6,
    peak: 3,
    median: 2,
    kinds: [
      ['patch secrets', 4],
      ['get secrets', 2],
    ],
    refused: 2,
  });
});

it('counts nothing where nothing was asked', () => {
  expect(trafficIn([])).toEqual({ requests: 0, peak: 0, median: 0, kinds: [], refused: 0 });
});
