import type { Reading } from './reading.ts';
import { type Point, slopeOf, thirdsOf } from './slope.ts';

type Figure = Exclude<keyof Reading, 'atHours'>;

/** The heap may grow by so much an hour, in MiB. */
const MOST_HEAP_SLOPE = 1;
/** What may be more in the last third than in the first: what is in flight differs from one moment to the next. */
const SLACK: Readonly<Partial<Record<Figure, number>>> = { descriptors: 8, sockets: 8, timers: 40, lagMs: 50 };

/** Readings as a line of figures: `heapMiB 41.2 -> 41.3`, first third to last. */
export const printGrowth = (readings: readonly Reading[]): string =>
  FIGURES.map((figure) => {
    const { first, last } = thirdsOf(pointsOf(readings, figure));
    return `${figure} ${first.toFixed(1)} -> ${last.toFixed(1)}`;
  }).join(', ');

const FIGURES: readonly Figure[] = ['heapMiB', 'rssMiB', 'descriptors', 'sockets', 'timers', 'lagMs'];

/** Change of the live heap, in MiB an hour; NaN of too few readings. */
export const heapSlopeOf = (readings: readonly Reading[]): number => slopeOf(pointsOf(readings, 'heapMiB')) ?? Number.NaN;

/** What piles up, each in words; none of a healthy run. */
export const growthIn = (readings: readonly Reading[]): readonly string[] => {
  const slope = heapSlopeOf(readings);
  const heap = slope <= MOST_HEAP_SLOPE ? [] : [`the heap grows by ${slope.toFixed(2)} MiB an hour, more than ${MOST_HEAP_SLOPE}`];
  return [...heap, ...Object.entries(SLACK).flatMap(([figure, slack]) => complaintOf(readings, figure as Figure, slack))]; // its own keys
};

const complaintOf = (readings: readonly Reading[], figure: Figure, slack: number): readonly string[] => {
  const { first, last } = thirdsOf(pointsOf(readings, figure));
  return last - first <= slack ? [] : [`${figure}: ${first.toFixed(1)} in the first third, ${last.toFixed(1)} in the last`];
};

const pointsOf = (readings: readonly Reading[], figure: Figure): readonly Point[] => readings.map((reading) => ({ atHours: reading.atHours, value: reading[figure] }));
