import { expect, it } from 'vitest';
import type { Evidence } from '../../core/evidence.ts';
import { Suspects } from './suspects.ts';

const BAD = 'sha256:bad';

const setUp = ({ after = 2 } = {}) => {
  const woken: string[] = [];
  const [gone, stuck] = [new Set<string>(), new Set<string>()];
  const suspects = new Suspects({ after, isThere: (key) => !gone.has(key), rolls: (key) => !stuck.has(key), wake: (key) => woken.push(key) });
  const evidence = (key: string, more: Partial<Evidence>): Evidence => ({ key, isRolling: false, triesOut: undefined, failure: undefined, readyOn: [], ...more });
  const failed = (key: string, at = 1): Evidence => evidence(key, { failure: { digest: BAD, at } });
  const ready = (key: string): Evidence => evidence(key, { readyOn: [BAD] });
  const trying = (key: string): Evidence => evidence(key, { isRolling: true, triesOut: BAD });
  return { suspects, woken, gone, stuck, failed, ready, trying };
};

it('holds back from a digest when enough have failed on it, and names the first of them, whoever was heard of first', () => {
  const { suspects, failed } = setUp();
  suspects.changed(undefined, failed('n/a', 20));
  expect(suspects.hold('n/c', BAD, false)).toBeUndefined();
  suspects.changed(undefined, failed('n/b', 10));
  expect(suspects.hold('n/c', BAD, false)).toEqual({ first: 'n/b', isConfirmed: true });
  expect(suspects.hold('n/c', 'sha256:other', false)).toBeUndefined();
});

it('holds back, once one has failed, while as many more are trying as it takes, and until these have come to their end', () => {
  const { suspects, woken, failed, ready, trying } = setUp({ after: 3 });
  for (const key of ['n/a', 'n/b', 'n/c']) suspects.changed(undefined, trying(key));
  expect(suspects.hold('n/d', BAD, false)).toBeUndefined();
  suspects.changed(trying('n/a'), failed('n/a'));
  expect(suspects.hold('n/d', BAD, false)).toEqual({ first: 'n/a', isConfirmed: false });
  suspects.changed(trying('n/b'), failed('n/b'));
  expect(woken).toEqual([]);
  suspects.changed(trying('n/c'), ready('n/c'));
  expect(woken).toEqual(['n/d']);
});

it('does not wait for what those come to that are gone, that stand still, or that fail again', () => {
  const { suspects, woken, stuck, failed, trying } = setUp({ after: 3 });
  const again = { ...trying('n/a'), failure: { digest: BAD, at: 1 } };
  for (const evidence of [again, trying('n/b'), trying('n/c'), trying('n/d')]) suspects.changed(undefined, evidence);
  suspects.hold('n/e', BAD, false);
  suspects.changed(trying('n/b'), undefined);
  expect(woken).toEqual([]);
  stuck.add('n/c');
  suspects.review();
  expect(woken).toEqual(['n/e']);
  suspects.changed(trying('n/d'), failed('n/d'));
  expect(suspects.hold('n/e', BAD, false)).toBeUndefined();
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
  expect(suspects.hold('n/d', BAD, false)).toEqual({ first: 'n/a', isConfirmed: true });
  suspects.forget('n/c');
  expect(suspects.hold('n/c', BAD, false)).toEqual({ first: 'n/a', isConfirmed: true });
});

it('suspects nothing where it is switched off', () => {
  const { suspects, failed } = setUp({ after: 0 });
  for (const key of ['n/a', 'n/b', 'n/c']) suspects.changed(undefined, failed(key));
  expect(suspects.hold('n/d', BAD, false)).toBeUndefined();
});
