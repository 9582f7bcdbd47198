import { describe, expect, test } from 'vitest';
import { seeded } from '../seeded.ts';
import { gaugeIn, type Reading } from './reading.ts';
import { growthIn, heapSlopeOf, printGrowth } from './verdict.ts';

const READING = { heapMiB: 40, rssMiB: 150, descriptors: 60, sockets: 40, timers: 18, lagMs: 60 };

/** Nine readings of a time, as there are behind the warm-up of a soak of up to an hour. */
const during = (hours: number, at: (hours: number) => Partial<Reading>): readonly Reading[] =>
  Array.from({ length: 9 }, (_, place) => (place * hours) / 8).map((atHours) => ({ atHours, ...READING, ...at(atHours) }));

/** What is read of an hour, and of a fifth of one, when the warm-up is over. */
const HOUR = 40 / 60;
const FIFTH = 8 / 60;

/** Anything up to `height`, the same for the same seed. */
const noise = (height: number, seed = 1): (() => number) => {
  const random = seeded(seed);
  return () => Math.floor(random() * height);
};

/** Up to 20 more, then all of them gone, every five minutes. */
const sawtooth = (hours: number, phase = 0): number => Math.floor(20 * ((hours * 12 + phase) % 1));

describe('what grows', () => {
  const some = noise(10);
  test.each<[string, (hours: number) => Partial<Reading>, readonly string[]]>([
    ['a heap that grows by 3 MiB', (hours) => ({ heapMiB: 40 + 3 * hours }), ['heapMiB: +3.00 an hour, more than 1']],
    ['memory that grows by 12 MiB, and the heap does not', (hours) => ({ rssMiB: 150 + 12 * hours }), ['rssMiB: +12.00 an hour, more than 5']],
    ['a descriptor lost with every hundred acts', (hours) => ({ descriptors: 60 + 9 * hours }), ['descriptors: +9.00 an hour, more than 6']],
    ['18 descriptors lost', (hours) => ({ descriptors: 60 + 18 * hours }), ['descriptors: +18.00 an hour, more than 6']],
    ['18 descriptors lost while others come and go', (hours) => ({ descriptors: 60 + some() + 18 * hours }), [expect.stringMatching(/^descriptors: \+.* an hour, more than 6$/)]],
    ['18 sockets lost under a sawtooth', (hours) => ({ sockets: 40 + sawtooth(hours) + 18 * hours }), [expect.stringMatching(/^sockets: \+.* an hour, more than 6$/)]],
    ['90 timers that nobody takes away', (hours) => ({ timers: 17 + 90 * hours }), ['timers: +90.00 an hour, more than 6']],
    [
      '90 timers that nobody takes away while others come and go',
      (hours) => ({ timers: 17 + some() + 90 * hours }),
      [expect.stringMatching(/^timers: \+.* an hour, more than 6$/)],
    ],
    ['a loop that is held up longer and longer', (hours) => ({ lagMs: 20 + 60 * hours }), ['lagMs: +60.00 an hour, more than 10']],
  ])('%s', (_, at, complaints) => {
    expect(growthIn(during(HOUR, at))).toEqual(complaints);
  });
});

describe('what does not', () => {
  test.each<[string, (hours: number) => Partial<Reading>]>([
    ['a sawtooth', (hours) => ({ descriptors: 50 + sawtooth(hours), sockets: 40 + sawtooth(hours, 0.3), timers: 70 + 2 * sawtooth(hours, 0.6) })],
    ['a burst of work at the end', (hours) => (hours > HOUR - 0.05 ? { descriptors: 90, sockets: 80, timers: 400, lagMs: 900, rssMiB: 220 } : {})],
    ['a way that is cut at the beginning', (hours) => (hours < 0.05 ? { descriptors: 20, sockets: 10, timers: 20 } : {})],
    ['what falls', (hours) => ({ descriptors: 90 - 60 * hours, timers: 400 - 100 * hours, rssMiB: 200 - 20 * hours })],
    ['a heap that grows by half a MiB', (hours) => ({ heapMiB: 40 + hours / 2 })],
  ])('%s', (_, at) => {
    expect(growthIn(during(HOUR, at))).toEqual([]);
  });

  test.each([
    ['an hour', HOUR],
    ['a fifth of an hour', FIFTH],
  ])('noise, for %s', (_, hours) => {
    const noisy = (seed: number): readonly Reading[] => {
      const [some, more, heap] = [noise(26, seed), noise(52, seed + 100), noise(5, seed + 200)];
      return during(hours, () => ({ heapMiB: 40 + heap() / 10, rssMiB: 150 + some(), descriptors: 49 + some(), sockets: 30 + some(), timers: 69 + more(), lagMs: 20 + more() }));
    };
    const seeds = Array.from({ length: 20 }, (_, seed) => seed);
    expect(seeds.flatMap((seed) => growthIn(noisy(seed)))).toEqual([]);
  });

  test('a few units more in a fifth of an hour, though they are many an hour', () => {
    expect(growthIn(during(FIFTH, (hours) => ({ descriptors: 60 + 30 * hours, timers: 17 + 30 * hours, heapMiB: 40 + 3 * hours })))).toEqual([]);
  });
});

test('many more in a fifth of an hour are found', () => {
  expect(growthIn(during(FIFTH, (hours) => ({ descriptors: 60 + 100 * hours })))).toEqual(['descriptors: +100.00 an hour, more than 6']);
});

test('too few readings are no proof', () => {
  expect(growthIn(during(HOUR, () => ({})).slice(0, 2))).toEqual(['heapMiB: +NaN an hour, more than 1']);
});

test('a figure that is no number is no proof', () => {
  expect(growthIn(during(HOUR, () => ({ lagMs: Number.NaN })))).toEqual(['lagMs: +NaN an hour, more than 10']);
});

test('figures as they are printed', () => {
  const readings = during(1, (hours) => ({ rssMiB: 150 + 60 * hours, timers: 220 - 60 * hours }));
  expect(printGrowth(readings)).toBe(
    'heapMiB 40.0 -> 40.0 (+0.0/h), rssMiB 157.5 -> 202.5 (+60.0/h), descriptors 60.0 -> 60.0 (+0.0/h), sockets 40.0 -> 40.0 (+0.0/h), timers 212.5 -> 167.5 (-60.0/h), lagMs 60.0 -> 60.0 (+0.0/h)',
  );
  expect(heapSlopeOf(readings)).toBeCloseTo(0);
});

test('a metric that is not there is no zero', () => {
  expect(gaugeIn('# TYPE a gauge\na 0.25\nab 3\n', 'a')).toBe(0.25);
  expect(() => gaugeIn('b 1\n', 'a')).toThrow('no a');
});
