import { expect, test } from 'vitest';
import { gaugeIn, type Reading } from './reading.ts';
import { growthIn, heapSlopeOf, printGrowth } from './verdict.ts';

const READING = { heapMiB: 40, rssMiB: 150, descriptors: 60, sockets: 40, timers: 220, lagMs: 60 };

/** Readings of an hour, one a minute. */
const hour = (at: (minute: number) => Partial<Reading>): readonly Reading[] => Array.from({ length: 60 }, (_, minute) => ({ atHours: minute / 60, ...READING, ...at(minute) }));

test.each([
  ['what goes up and comes down again', (minute: number) => ({ heapMiB: 40 + (minute % 3), timers: 200 + 50 * (minute % 2) }), []],
  ['a heap that grows by 3 MiB', (minute: number) => ({ heapMiB: 40 + minute / 20 }), ['the heap grows by 3.00 MiB an hour, more than 1']],
  ['a heap that grows by half a MiB', (minute: number) => ({ heapMiB: 40 + minute / 120 }), []],
  ['a descriptor lost every minute', (minute: number) => ({ descriptors: 60 + minute }), ['descriptors: 69.5 in the first third, 109.5 in the last']],
  ['sockets that nobody closes', (minute: number) => ({ sockets: 40 + minute }), ['sockets: 49.5 in the first third, 89.5 in the last']],
  ['timers that nobody takes away', (minute: number) => ({ timers: 200 + 2 * minute }), ['timers: 219.0 in the first third, 299.0 in the last']],
  ['a loop that is held up longer and longer', (minute: number) => ({ lagMs: 20 + 4 * minute }), ['lagMs: 58.0 in the first third, 218.0 in the last']],
])('%s', (_, at, complaints) => {
  expect(growthIn(hour(at))).toEqual(complaints);
});

test('too few readings are no proof', () => {
  expect(growthIn(hour(() => ({})).slice(0, 2))).toEqual(['the heap grows by NaN MiB an hour, more than 1']);
});

test('figures as they are printed', () => {
  const readings = hour((minute) => ({ rssMiB: 150 + minute }));
  expect(printGrowth(readings)).toBe('heapMiB 40.0 -> 40.0, rssMiB 159.5 -> 199.5, descriptors 60.0 -> 60.0, sockets 40.0 -> 40.0, timers 220.0 -> 220.0, lagMs 60.0 -> 60.0');
  expect(heapSlopeOf(readings)).toBeCloseTo(0);
});

test('a metric that is not there is no zero', () => {
  expect(gaugeIn('# TYPE a gauge\na 0.25\nab 3\n', 'a')).toBe(0.25);
  expect(() => gaugeIn('b 1\n', 'a')).toThrow('no a');
});
