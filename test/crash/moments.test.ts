import { describe, expect, it } from 'vitest';
import { livesOf, type Moment, OBJECTS, trapOf } from './moments.ts';

const momentsOf = (seed: number): readonly Moment[] => livesOf(seed).flat();
const SEEDS = Array.from({ length: 200 }, (_, seed) => seed);
const sideOf = ({ change, place, blow }: Moment): string => `${change} ${place} ${blow === 'BeforeSend' ? 'before' : 'after'}`;

describe('the moments of a seed', () => {
  it('are 39, the same every time, and others for another seed', () => {
    expect(momentsOf(7)).toHaveLength(39);
    expect(momentsOf(7)).toEqual(momentsOf(7));
    expect(momentsOf(7)).not.toEqual(momentsOf(8));
  });

  it('are on both sides of the writes that the order of writes is about, whatever the seed', () => {
    const both = ['install open', 'install deployed', 'upgrade open', 'upgrade apply', 'upgrade deployed', 'upgrade superseded', 'upgrade report'];
    const wanted = [
      ...both,
      'failure failed',
      'failure open',
      'failure deployed',
      'uninstall uninstalling',
      'uninstall prune',
      'uninstall remove record',
      'uninstall finalizer',
    ].flatMap((place) => [`${place} before`, `${place} after`]);
    for (const seed of SEEDS) expect(momentsOf(seed).map(sideOf)).toEqual(expect.arrayContaining([...wanted, 'install report before']));
  });

  it('differ in all that is left to chance', () => {
    const all = SEEDS.flatMap(momentsOf);
    expect(new Set(all.filter(({ change, place }) => change !== 'failure' && place === 'apply').map(({ nth }) => nth))).toEqual(
      new Set(Array.from({ length: OBJECTS }, (_, nth) => nth)),
    );
    expect(new Set(all.map(({ blow }) => blow)).size).toBe(3);
    expect(new Set(all.map(({ delayMs }) => delayMs)).size).toBeGreaterThan(20);
  });

  it('of a failure are about the revision that undoes it', () => {
    const failures = SEEDS.flatMap(momentsOf).filter(({ change }) => change === 'failure');
    expect(new Set(failures.filter(({ place }) => place === 'open').map(({ nth }) => nth))).toEqual(new Set([1]));
    expect(Math.min(...failures.filter(({ place }) => place === 'apply').map(({ nth }) => nth))).toBe(OBJECTS);
  });

  it('make whole lives, from an install to an uninstall', () => {
    for (const life of livesOf(7)) expect(life.map(({ change }) => change).join(' ')).toMatch(/^install( upgrade)+ failure uninstall$/);
  });
});

it('a trap is for the n-th write of its place, and any later one where that was refused', () => {
  const trap = trapOf({ change: 'install', place: 'apply', nth: 1, blow: 'BeforeSend', delayMs: 0 }, () => undefined);
  const apply = { method: 'PATCH', path: '/api/v1/namespaces/a/configmaps/web', body: '{}' };
  expect([apply, { ...apply, method: 'DELETE' }, apply, apply].map((write) => trap.isMeant(write))).toEqual([false, false, true, true]);
});
