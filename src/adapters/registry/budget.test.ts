import { describe, expect, it } from 'vitest';
import { type Budget, costAfter, stretchFor } from './budget.ts';

const HOUR = 3_600_000;
const of = (limit: number | undefined, remaining: number, until = HOUR): Budget => ({ limit, remaining, until });
/** So many polls an hour. */
const hourly = (polls: number): number => polls / HOUR;

describe('stretchFor', () => {
  it.each<readonly [string, Budget, number, number]>([
    ['does nothing while half of it is left', of(100, 50), hourly(600), 1],
    ['does nothing where less than half is left and that lasts', of(100, 40), hourly(30), 1],
    ['has what is left last, and a tenth of all be there for pulls', of(100, 40), hourly(60), 2],
    ['has the last request of polls last', of(100, 11), hourly(64), 64],
    ['stops everything where no more is left than what is for pulls', of(100, 10), hourly(2), Number.POSITIVE_INFINITY],
    ['stops everything where nothing is left', of(100, 0), hourly(2), Number.POSITIVE_INFINITY],
    ['saves from the first on where no limit is known', of(undefined, 1000), hourly(1800), 2],
    ['reckons with the time that is left', of(100, 40, HOUR / 4), hourly(240), 2],
    ['does nothing once that time is over', of(100, 0, 0), hourly(600), 1],
    ['does nothing for polls that take next to nothing of it', of(100, 0), hourly(0.9), 1],
  ])('%s', (_name, budget, spentPerMs, expected) => {
    expect(stretchFor(budget, spentPerMs, 0)).toBeCloseTo(expected, 6);
  });
});

describe('costAfter', () => {
  it.each<readonly [string, number, Budget | undefined, Budget, number]>([
    ['stays as it was with the first answer', 1, undefined, of(100, 76), 1],
    ['stays where each poll takes one', 1, of(100, 76), of(100, 75), 1],
    ['falls where a poll takes nothing', 1, of(100, 76), of(100, 76), 0.9],
    ['rises where others take some too', 1, of(100, 76), of(100, 70), 1.1],
    ['stays where the budget was filled up', 0.5, of(100, 3), of(100, 100), 0.5],
  ])('%s', (_name, cost, before, after, expected) => {
    expect(costAfter(cost, before, after)).toBeCloseTo(expected, 6);
  });

  it('is next to nothing after fifty polls that took nothing', () => {
    let cost = 1;
    for (let poll = 0; poll < 50; poll += 1) cost = costAfter(cost, of(100, 76), of(100, 76));
    expect(cost).toBeLessThan(0.01);
  });
});
