import { expect, test } from 'vitest';
import { seeded } from '../seeded.ts';
import { type Act, nextAct } from './course.ts';

const EXTENT = { tags: 10, releases: 200 };

const courseOf = (seed: number, acts: number): readonly Act[] => {
  const random = seeded(seed);
  return Array.from({ length: acts }, () => nextAct(random, EXTENT));
};

test('the same seed is the same course, another seed another', () => {
  expect(courseOf(7, 50)).toEqual(courseOf(7, 50));
  expect(courseOf(7, 50)).not.toEqual(courseOf(8, 50));
});

test('an hour of acts has every kind of act, chart, way and trouble in it, and names nobody who is not there', () => {
  const acts = courseOf(1, 400);
  expect(new Set(acts.map(({ kind }) => kind)).size).toBe(9);
  expect(new Set(acts.flatMap((act) => (act.kind === 'push' ? [act.chart] : [])))).toEqual(new Set(['good', 'stuck', 'broken']));
  expect(new Set(acts.flatMap((act) => (act.kind === 'cut' ? [act.way] : [])))).toEqual(new Set(['api', 'registry']));
  expect(new Set(acts.flatMap((act) => (act.kind === 'trouble' ? [act.trouble] : []))).size).toBe(4);
  expect(acts.every((act) => !('release' in act) || act.release < EXTENT.releases)).toBe(true);
  expect(acts.every((act) => !('tag' in act) || act.tag < EXTENT.tags)).toBe(true);
});
