import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/fakes/clock.ts';
import { Tenure } from './fence.ts';

const TERM = { lease: 'ns/lease', epoch: 3 };

const started = () => {
  const clock = new FakeClock();
  const lost: string[] = [];
  return { clock, lost, tenure: new Tenure({ clock, renewDeadlineMs: 10_000, lost: (why) => lost.push(why) }) };
};

describe('a tenure', () => {
  it('lets nothing through before it begins, and nobody has lost anything', () => {
    const { tenure, lost } = started();
    expect(tenure.isOpen()).toBe(false);
    tenure.prolong(0);
    expect(tenure.isOpen()).toBe(false);
    expect(lost).toEqual([]);
  });

  it('ends by itself when no renewal comes, counted from when the last was begun', async () => {
    const { clock, tenure, lost } = started();
    await clock.advance(1_000);
    tenure.begin(TERM, 500);
    await clock.advance(9_499);
    expect(tenure.isOpen()).toBe(true);
    expect(tenure.term).toEqual(TERM);
    await clock.advance(1);
    expect(lost).toEqual(['the Lease was not renewed for 10 s']);
    expect(tenure.isOpen()).toBe(false);
    expect(tenure.term).toBeUndefined();
  });

  it('goes on with each renewal', async () => {
    const { clock, tenure, lost } = started();
    tenure.begin(TERM, 0);
    for (let at = 2_000; at <= 30_000; at += 2_000) {
      await clock.advance(2_000);
      tenure.prolong(at);
    }
    await clock.advance(9_999);
    expect(lost).toEqual([]);
    await clock.advance(1);
    expect(lost).toHaveLength(1);
  });

  it('is over for a request that leaves too late though no timer has fired, and a renewal that comes in then does not bring it back', () => {
    let now = 0;
    const stopped = { now: () => now, elapsed: () => now, random: () => 0, after: () => () => undefined };
    const lost: string[] = [];
    const tenure = new Tenure({ clock: stopped, renewDeadlineMs: 10_000, lost: (why) => lost.push(why) });
    tenure.begin(TERM, 0);
    now = 60_000;
    tenure.prolong(9_000);
    expect(tenure.isOpen()).toBe(false);
    expect(lost).toHaveLength(1);
  });

  it('ends also where its timer is early', () => {
    let now = 0;
    let fire = (): void => undefined;
    const after = (_: number, callback: () => void) => {
      fire = callback;
      return () => undefined;
    };
    const clock = { now: () => now, elapsed: () => now, random: () => 0, after };
    const lost: string[] = [];
    new Tenure({ clock, renewDeadlineMs: 10_000, lost: (why) => lost.push(why) }).begin(TERM, 0);
    now = 9_999.5;
    fire();
    expect(lost).toEqual([]);
    now = 10_000.5;
    fire();
    expect(lost).toHaveLength(1);
  });

  it('is handed on without a loss, and leaves no timer behind', async () => {
    const { clock, tenure, lost } = started();
    tenure.begin(TERM, 0);
    tenure.end();
    expect(tenure.isOpen()).toBe(false);
    expect(clock.pending).toBe(0);
    expect(lost).toEqual([]);
  });
});
