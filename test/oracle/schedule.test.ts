import { expect, it } from 'vitest';
import { schedule } from './schedule.ts';

it('asks all charts in both orders, then each with its neighbour in between', () => {
  const rounds = schedule([
    ['a1', 'a2'],
    ['b1', 'b2'],
  ]);
  expect(rounds.slice(0, 8)).toEqual(['a1', 'b1', 'a2', 'b2', 'b2', 'a2', 'b1', 'a1']);
  expect(rounds.slice(8, 14)).toEqual(['a1', 'b1', 'a2', 'b2', 'a2', 'a1']);
  expect(rounds).toHaveLength(20);
});
