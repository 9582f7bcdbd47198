import { describe, expect, it } from 'vitest';
import { Accepted, type Step } from './accepted.ts';

const STEP: Step = { from: { chartDigest: 'c1', valuesDigest: 'v' }, to: { chartDigest: 'c2', valuesDigest: 'v' }, force: false };
const BACK: Step = { from: STEP.to, to: STEP.from, force: false };

/** A check that ends when it is told to, and how often each kind was asked for. */
const checks = () => {
  const asked: boolean[] = [];
  const ends: ((error?: Error) => void)[] = [];
  const check = (isAccepted: boolean) => {
    asked.push(isAccepted);
    return new Promise<void>((resolve, reject) => ends.push((error) => (error === undefined ? resolve() : reject(error))));
  };
  return { asked, ends, check };
};

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('Accepted', () => {
  it('tries an install out every time', async () => {
    const { asked, ends, check } = checks();
    const both = [new Accepted().check(undefined, check), new Accepted().check(undefined, check)];
    for (const end of ends) end();
    await Promise.all(both);
    expect(asked).toEqual([false, false]);
  });

  it('tries a step out once, for all who come meanwhile and later', async () => {
    const accepted = new Accepted();
    const { asked, ends, check } = checks();
    const all = [accepted.check(STEP, check), accepted.check(STEP, check), accepted.check(STEP, check)];
    await settled();
    expect(asked).toEqual([false]);
    ends[0]?.();
    await settled();
    expect(asked).toEqual([false, true, true]);
    for (const end of ends) end();
    await Promise.all(all);
    const later = accepted.check(STEP, check);
    await settled();
    ends.at(-1)?.();
    await later;
    expect(asked.at(-1)).toBe(true);
  });

  it('lets each try for itself when the first was refused', async () => {
    const accepted = new Accepted();
    const { asked, ends, check } = checks();
    const [first, second] = [accepted.check(STEP, check), accepted.check(STEP, check)];
    await settled();
    ends[0]?.(new Error('no'));
    await expect(first).rejects.toThrow('no');
    await settled();
    expect(asked).toEqual([false, false]);
    ends[1]?.();
    await second;
  });

  it('takes the way back for another step', async () => {
    const accepted = new Accepted();
    const { asked, ends, check } = checks();
    const there = accepted.check(STEP, check);
    await settled();
    ends[0]?.();
    await there;
    const back = accepted.check(BACK, check);
    await settled();
    ends[1]?.();
    await back;
    expect(asked).toEqual([false, false]);
  });
});
