import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Turns } from './turns.ts';

const waiting = (keys: readonly string[]): Turns => {
  const turns = new Turns();
  for (const key of keys) turns.join(key);
  return turns;
};

const drain = (turns: Turns, canGo: (key: string) => boolean = () => true): readonly string[] => {
  const order: string[] = [];
  for (let key = turns.next(canGo); key !== undefined; key = turns.next(canGo)) order.push(key);
  return order;
};

it.each<readonly [string, readonly string[], readonly string[]]>([
  ['first in, first out within a namespace', ['a/1', 'a/2', 'a/3'], ['a/1', 'a/2', 'a/3']],
  ['namespaces take turns, however long the line of one is', ['a/1', 'a/2', 'a/3', 'b/1', 'c/1', 'c/2'], ['a/1', 'b/1', 'c/1', 'a/2', 'c/2', 'a/3']],
  ['who asks again keeps the place', ['a/1', 'a/2', 'a/1'], ['a/1', 'a/2']],
  ['nobody waits', [], []],
])('%s', (_name, keys, order) => {
  expect(drain(waiting(keys))).toEqual(order);
});

it('who leaves is passed over, and comes back at the end', () => {
  const turns = waiting(['a/1', 'a/2', 'b/1']);
  turns.leave('a/1');
  turns.leave('b/1');
  turns.leave('b/unknown');
  turns.join('a/1');
  expect(turns.size).toBe(2);
  expect(drain(turns)).toEqual(['a/2', 'a/1']);
});

it('who cannot go yet holds up nobody, and keeps the place', () => {
  const turns = waiting(['a/1', 'a/2', 'b/1']);
  expect(drain(turns, (key) => key !== 'a/1' && key !== 'b/1')).toEqual(['a/2']);
  expect(drain(turns)).toEqual(['b/1', 'a/1']);
});

it('a namespace that comes late waits for no more turns than there are namespaces', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 }), fc.nat(50), (lengths, served) => {
      const turns = waiting(lengths.flatMap((length, namespace) => Array.from({ length }, (_, one) => `n${namespace}/r${one}`)));
      for (let count = 0; count < served; count += 1) turns.next(() => true);
      turns.join('late/one');
      const place = drain(turns).indexOf('late/one');
      expect(place).toBeLessThanOrEqual(lengths.length);
    }),
  );
});
