import type { Clock } from '../../ports/clock.ts';

/** Resolves after so many milliseconds; rejects with the signal's reason when it aborts first. */
export const pause = (clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const stop = () => {
      takeBack();
      reject(signal.reason);
    };
    const takeBack = clock.after(delayMs, () => {
      signal.removeEventListener('abort', stop);
      resolve();
    });
    signal.addEventListener('abort', stop, { once: true });
  });

/**
 * Runs with a signal that aborts when `signal` does, and with `late` as its reason after so many milliseconds. The timer
 * and the listener are gone when `run` has settled.
 */
export const within = async <T>(
  clock: Clock,
  limit: { readonly timeoutMs: number; readonly late: () => Error },
  signal: AbortSignal,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  signal.throwIfAborted();
  const both = new AbortController();
  const stop = () => both.abort(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  const takeBack = clock.after(limit.timeoutMs, () => both.abort(limit.late()));
  try {
    return await run(both.signal);
  } finally {
    takeBack();
    signal.removeEventListener('abort', stop);
  }
};

/** The promise, or the signal's reason when it has aborted, or aborts first; what the promise stands for goes on, and may fail without that anybody hears of it. */
export const untilAborted = <T>(promise: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
