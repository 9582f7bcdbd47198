import type { Reading } from './reading.ts';
import { isRising, type Point, slopeOf, thirdsOf } from './slope.ts';

type Figure = Exclude<keyof Reading, 'atHours'>;

/** What a figure may grow by. It piles up only if it passes both. */
interface Limit {
  readonly perHour: number;
  /** In the time that is read: in a part of an hour a few units more are many an hour. */
  readonly inAll: number;
  /** Whether it goes up and down at rest too, as connections that are kept for later do, so that only a rise which is no chance counts. */
  readonly isRestless: boolean;
}

/**
 * An hour has some 900 acts and faults, and two thirds of it are read. A descriptor, a socket or a timer lost with every hundred of them is
 * above the limit. Longer soaks find slower leaks, down to `perHour`. The heap is read without its garbage: it is judged by its slope alone.
 * Memory may grow by more than the heap does, because the allocator gives pages back late, but hardly by more than would fill the container's
 * 2 GiB in two weeks.
 */
const LIMITS: Readonly<Record<Figure, Limit>> = {
  heapMiB: { perHour: 1, inAll: 0.5, isRestless: false },
  rssMiB: { perHour: 5, inAll: 5, isRestless: true },
  descriptors: { perHour: 6, inAll: 5, isRestless: true },
  sockets: { perHour: 6, inAll: 5, isRestless: true },
  timers: { perHour: 6, inAll: 5, isRestless: true },
  lagMs: { perHour: 10, inAll: 20, isRestless: true },
};
const FIGURES = Object.keys(LIMITS) as readonly Figure[]; // its own keys

/** Readings as a line of figures: `heapMiB 41.2 -> 41.3 (+0.2/h)`, first third to last and the slope. */
export const printGrowth = (readings: readonly Reading[]): string =>
  FIGURES.map((figure) => {
    const points = pointsOf(readings, figure);
    const { first, last } = thirdsOf(points);
    return `${figure} ${first.toFixed(1)} -> ${last.toFixed(1)} (${signed(slopeIn(points))}/h)`;
  }).join(', ');

/** Change of the live heap, in MiB an hour; NaN of too few readings. */
export const heapSlopeOf = (readings: readonly Reading[]): number => slopeIn(pointsOf(readings, 'heapMiB'));

/** What piles up, each in words; none of a healthy run. */
export const growthIn = (readings: readonly Reading[]): readonly string[] =>
  FIGURES.flatMap((figure) => {
    const [points, limit] = [pointsOf(readings, figure), LIMITS[figure]];
    return isWithin(points, limit) ? [] : [`${figure}: ${signed(slopeIn(points), 2)} an hour, more than ${limit.perHour}`];
  });

/** Too few readings are within no limit of the heap, and within those of a restless figure, which is taken to be at rest until it surely rises. */
const isWithin = (points: readonly Point[], { perHour, inAll, isRestless }: Limit): boolean => {
  const slope = slopeIn(points);
  return slope <= perHour || slope * spanOf(points) <= inAll || (isRestless && !isRising(points));
};

const slopeIn = (points: readonly Point[]): number => slopeOf(points) ?? Number.NaN;

const spanOf = (points: readonly Point[]): number => (points.at(-1)?.atHours ?? 0) - (points[0]?.atHours ?? 0);

const signed = (value: number, digits = 1): string => `${value < 0 ? '' : '+'}${value.toFixed(digits)}`;

const pointsOf = (readings: readonly Reading[], figure: Figure): readonly Point[] => readings.map((reading) => ({ atHours: reading.atHours, value: reading[figure] }));
