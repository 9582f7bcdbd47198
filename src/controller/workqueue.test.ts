import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock, settle } from '../../test/fakes/clock.ts';
import type { QueueMetrics } from '../ports/metrics.ts';
import { Workqueue } from './workqueue.ts';

let clock: FakeClock;
let queue: Workqueue;

beforeEach(() => {
  clock = new FakeClock();
  queue = new Workqueue(clock);
});

/** Keys that are given out right now; nothing of them is done. */
const takeAll = async (): Promise<readonly (string | undefined)[]> => {
  const keys: (string | undefined)[] = [];
  while (queue.depth > 0) keys.push(await queue.get());
  return keys;
};

/** The milliseconds after which the key comes by itself. */
const pauseBefore = async (): Promise<number> => {
  const from = clock.now();
  while (queue.depth === 0 && clock.now() < from + 200_000) await clock.advance(125);
  return clock.now() - from;
};

describe('Workqueue', () => {
  it('gives keys out in the order in which they came', async () => {
    for (const key of ['b', 'a', 'c']) queue.add(key);
    expect(await takeAll()).toEqual(['b', 'a', 'c']);
  });

  it('does not add a key twice that waits already', async () => {
    for (const key of ['a', 'b', 'a']) queue.add(key);
    expect(queue.depth).toBe(2);
    expect(await takeAll()).toEqual(['a', 'b']);
  });

  it('gives a key at once to a worker that waits, to the first of them first', async () => {
    const workers = [queue.get(), queue.get()];
    queue.add('a');
    queue.add('b');
    expect(await Promise.all(workers)).toEqual(['a', 'b']);
    expect(queue.depth).toBe(0);
  });

  it('never gives a key to two workers at once', async () => {
    queue.add('a');
    await queue.get();
    let second: string | undefined;
    void queue.get().then((key) => {
      second = key;
    });
    queue.add('a');
    await settle();
    expect(second).toBeUndefined();
    queue.done('a');
    await settle();
    expect(second).toBe('a');
  });

  it('gives a key that came while it was worked on out again once, behind those that waited', async () => {
    queue.add('a');
    await queue.get();
    for (const key of ['a', 'b', 'a']) queue.add(key);
    expect(queue.depth).toBe(1);
    queue.done('a');
    expect(await takeAll()).toEqual(['b', 'a']);
  });

  it('does not give a key out again that nobody added meanwhile', async () => {
    queue.add('a');
    await queue.get();
    queue.done('a');
    expect(queue.depth).toBe(0);
  });
});

describe('Workqueue.addAfter', () => {
  it('adds the key when its time has come and not before', async () => {
    queue.addAfter('a', 1000);
    await clock.advance(999);
    expect(queue.depth).toBe(0);
    await clock.advance(1);
    expect(await takeAll()).toEqual(['a']);
  });

  it.each([
    ['an earlier', 5000, 1000],
    ['a later', 1000, 5000],
  ])('replaces a wish by %s one', async (_name, firstMs, secondMs) => {
    queue.addAfter('a', firstMs);
    queue.addAfter('a', secondMs);
    expect(await pauseBefore()).toBe(secondMs);
    expect(clock.pending).toBe(0);
  });

  it('keeps the wishes of other keys', async () => {
    queue.addAfter('a', 1000);
    queue.addAfter('b', 500);
    await clock.advance(1000);
    expect(await takeAll()).toEqual(['b', 'a']);
  });

  it('lets the key be added at once as well', async () => {
    queue.addAfter('a', 1000);
    queue.add('a');
    expect(await takeAll()).toEqual(['a']);
  });

  it('takes a time that has passed for now', async () => {
    queue.addAfter('a', -5);
    await clock.advance(0);
    expect(queue.depth).toBe(1);
  });

  it('is taken back by forget', async () => {
    queue.addAfter('a', 1000);
    queue.forget('a');
    expect(clock.pending).toBe(0);
  });
});

describe('Workqueue.addRateLimited', () => {
  const fail = async (): Promise<number> => {
    queue.addRateLimited('a');
    const pauseMs = await pauseBefore();
    await takeAll();
    queue.done('a');
    return pauseMs;
  };

  it('doubles its pause with each failure up to 20 s', async () => {
    clock = new FakeClock(0, () => 1);
    queue = new Workqueue(clock);
    const pauses: number[] = [];
    for (let failures = 0; failures < 9; failures++) pauses.push(await fail());
    expect(pauses).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 20_000, 20_000, 20_000]);
  });

  it('takes up to half of it off, by chance', async () => {
    clock = new FakeClock(0, () => 0);
    queue = new Workqueue(clock);
    expect([await fail(), await fail()]).toEqual([250, 500]);
  });

  it('begins anew after forget', async () => {
    await fail();
    await fail();
    queue.forget('a');
    expect(await fail()).toBe(375);
  });

  it('counts each key by itself', async () => {
    queue.addRateLimited('b');
    queue.addRateLimited('b');
    queue.forget('b');
    expect(await fail()).toBe(375);
  });

  it('gives out soon what was put off for long, once what made it fail is over, and leaves other wishes', async () => {
    for (let failures = 0; failures < 8; failures++) await fail();
    queue.addRateLimited('a');
    queue.addAfter('later', 100_000);
    queue.hurry();
    expect(await pauseBefore()).toBe(1_000);
    expect(await takeAll()).toEqual(['a']);
    queue.done('a');
    expect(await pauseBefore()).toBe(99_000);
  });
});

describe('Workqueue.close', () => {
  it('lets workers go that wait, and those that come later', async () => {
    const worker = queue.get();
    queue.close();
    expect(await worker).toBeUndefined();
    expect(await queue.get()).toBeUndefined();
  });

  it('gives nothing out any more', async () => {
    queue.add('a');
    queue.close();
    expect(await queue.get()).toBeUndefined();
  });

  it('sets no timer and leaves none', () => {
    queue.addAfter('a', 1000);
    queue.close();
    queue.addAfter('b', 1000);
    queue.addRateLimited('c');
    expect(clock.pending).toBe(0);
  });

  it('takes no key back that was added while it was worked on', async () => {
    queue.add('a');
    await queue.get();
    queue.add('a');
    queue.close();
    queue.done('a');
    expect(queue.depth).toBe(0);
  });
});

describe('what a queue counts', () => {
  const counted: string[] = [];
  const metrics: QueueMetrics = {
    added: (key) => counted.push(`added ${key}`),
    taken: (key) => counted.push(`taken ${key}`),
    done: (key) => counted.push(`done ${key}`),
    retried: () => counted.push('retried'),
  };

  beforeEach(() => {
    counted.length = 0;
    queue = new Workqueue(clock, metrics);
  });

  it('is one addition for a key that was added many times, and each way through it', async () => {
    for (const key of ['a', 'a', 'b']) queue.add(key);
    await queue.get();
    queue.done('a');
    expect(counted).toEqual(['added a', 'added b', 'taken a', 'done a']);
  });

  it('is one addition more for a key that is added while it is worked on', async () => {
    queue.add('a');
    await queue.get();
    queue.add('a');
    queue.add('a');
    queue.done('a');
    await queue.get();
    expect(counted).toEqual(['added a', 'taken a', 'added a', 'done a', 'taken a']);
  });

  it('is a retry only where a run failed', async () => {
    queue.addAfter('a', 10);
    queue.addRateLimited('b');
    await clock.advance(1_000);
    expect(counted.toSorted()).toEqual(['added a', 'added b', 'retried']);
  });
});
