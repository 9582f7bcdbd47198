import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SystemClock } from './clock.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const firedAfter = (delayMs: number) => {
  const callback = vi.fn();
  return { callback, cancel: new SystemClock().after(delayMs, callback) };
};

describe('SystemClock', () => {
  it('calls back once, when the time has come', () => {
    const { callback } = firedAfter(50);
    vi.advanceTimersByTime(49);
    expect(callback).not.toHaveBeenCalled();
    vi.advanceTimersByTime(DAY_MS);
    expect(callback).toHaveBeenCalledTimes(1);
  });

  it('waits longer than a timer can count', () => {
    const { callback } = firedAfter(60 * DAY_MS);
    vi.advanceTimersByTime(60 * DAY_MS - 1);
    expect(callback).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(callback).toHaveBeenCalledTimes(1);
  });

  it.each([
    ['at once', 0],
    ['in the middle of a long wait', 30 * DAY_MS],
  ])('does not call back when it is taken back %s', (_, elapsedMs) => {
    const { callback, cancel } = firedAfter(60 * DAY_MS);
    vi.advanceTimersByTime(elapsedMs);
    cancel();
    vi.advanceTimersByTime(90 * DAY_MS);
    expect(callback).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('tells the time, and numbers from 0 up to 1', () => {
    vi.setSystemTime(1234);
    const clock = new SystemClock();
    expect(clock.now()).toBe(1234);
    expect(clock.random()).toBeGreaterThanOrEqual(0);
    expect(clock.random()).toBeLessThan(1);
  });
});
