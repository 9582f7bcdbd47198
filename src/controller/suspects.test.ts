import { expect, it } from 'vitest';
import type { Evidence } from '../core/evidence.ts';
import { Suspects } from './suspects.ts';

const BAD = 'sha256:bad';

const setUp = ({ after = 2 } = {}) => {
  const woken: string[] = [];
  const gone = new Set<string>();
  const suspects = new Suspects({ after, isThere: (key) => !gone.has(key), wake: (key) => woken.push(key) });
  const evidence = (key: string, more: Partial<Evidence>): Evidence => ({ key, isRolling: false, failure: undefined, readyOn: [], ...more });
  const failed = (key: string, at = 1): Evidence => evidence(key, { failure: { digest: BAD, at } });
  const ready = (key: string): Evidence => evidence(key, { readyOn: [BAD] });
  return { suspects, woken, gone, failed, ready };
};

it('holds back from a digest when enough have failed on it, and names the first of them, whoever was heard of first', () => {
  const { suspects, failed } = setUp();
  suspects.changed(undefined, failed('n/a', 20));
  expect(suspects.hold('n/c', BAD, false)).toBeUndefined();
  suspects.changed(undefined, failed('n/b', 10));
  expect(suspects.hold('n/c', BAD, false)).toEqual({ first: 'n/b' });
  expect(suspects.hold('n/c', 'sha256:other', false)).toBeUndefined();
});

it('holds nobody back where one has become ready on it, before or after', () => {
  const { suspects, failed, ready } = setUp();
  for (const evidence of [ready('n/r'), failed('n/a'), failed('n/b')]) suspects.changed(undefined, evidence);
  expect(suspects.hold('n/c', BAD, false)).toBeUndefined();
});

it('wakes the held when one becomes ready on it', () => {
  const { suspects, woken, failed, ready } = setUp();
  for (const key of ['n/a', 'n/b']) suspects.changed(undefined, failed(key));
  suspects.hold('n/c', BAD, false);
  suspects.hold('n/d', BAD, false);
  suspects.release('n/d');
  expect(suspects.held).toBe(1);
  suspects.changed(failed('n/a'), ready('n/a'));
  expect([woken, suspects.held]).toEqual([['n/c'], 0]);
});

it('wakes the held when the failed are gone, with their records or without them', () => {
  const { suspects, woken, gone, failed } = setUp();
  for (const key of ['n/a', 'n/b', 'n/c']) suspects.changed(undefined, failed(key));
  suspects.hold('n/d', BAD, false);
  suspects.changed(failed('n/a'), undefined);
  expect(woken).toEqual([]);
  gone.add('n/b');
  suspects.review();
  expect(woken).toEqual(['n/d']);
});

it('lets those try again that have failed themselves', () => {
  const { suspects, failed } = setUp();
  for (const key of ['n/a', 'n/b']) suspects.changed(undefined, failed(key));
  expect(suspects.hold('n/a', BAD, false)).toBeUndefined();
});

it('lets go whom a person has asked for, for that digest, also in the runs that follow', () => {
  const { suspects, failed } = setUp();
  for (const key of ['n/a', 'n/b']) suspects.changed(undefined, failed(key));
  expect(suspects.hold('n/c', BAD, true)).toBeUndefined();
  expect(suspects.hold('n/c', BAD, false)).toBeUndefined();
  expect(suspects.hold('n/d', BAD, false)).toEqual({ first: 'n/a' });
  suspects.forget('n/c');
  expect(suspects.hold('n/c', BAD, false)).toEqual({ first: 'n/a' });
});

it('suspects nothing where it is switched off', () => {
  const { suspects, failed } = setUp({ after: 0 });
  for (const key of ['n/a', 'n/b', 'n/c']) suspects.changed(undefined, failed(key));
  expect(suspects.hold('n/d', BAD, false)).toBeUndefined();
});
