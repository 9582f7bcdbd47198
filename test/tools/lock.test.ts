import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withLock, withLocks } from './lock.ts';
import { identify, isRunning, ownPid } from './pid.ts';

let dir = '';

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lock-'));
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('lets one in at a time, and every one in the end', async () => {
  let inside = 0;
  let most = 0;
  const visit = () =>
    withLock(join(dir, 'lock'), async () => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise(setImmediate);
      inside -= 1;
      return most;
    });
  expect(await Promise.all([visit(), visit(), visit()])).toEqual([1, 1, 1]);
});

test('is given back when the work fails', async () => {
  const path = join(dir, 'lock');
  await expect(withLock(path, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(existsSync(path)).toBe(false);
});

test('two that want the same locks in another order both get them', async () => {
  const [a, b] = [join(dir, 'a'), join(dir, 'b')];
  const order = await Promise.all([withLocks([a, b], async () => 'first'), withLocks([b, a], async () => 'second')]);
  expect(order).toEqual(['first', 'second']);
});

test.each(['', 'not json', JSON.stringify({ pid: process.pid, start: '1' })])('takes over a lock that says %j', async (content) => {
  writeFileSync(join(dir, 'lock'), content);
  expect(await withLock(join(dir, 'lock'), async () => 'in')).toBe('in');
});

test('a reused pid is not the program that had it', () => {
  expect(isRunning(ownPid())).toBe(true);
  expect(isRunning({ pid: process.pid, start: '1' })).toBe(false);
  expect(identify(2 ** 30)).toBeUndefined();
});
