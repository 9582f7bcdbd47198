import { describe, expect, it } from 'vitest';
import { RegistryError, type RegistryErrorCode } from '../../ports/registry.ts';
import { afterLook, isNews, type LookTiming, nextLook, periodMs, type PeriodInputs, retryPauseMs, UNKNOWN, type View } from './tag-schedule.ts';

const trouble = (code: RegistryErrorCode, message = 'cannot'): RegistryError => new RegistryError(code, message);
const view = (seen?: string, code?: RegistryErrorCode): View<string> => ({ seen, trouble: code === undefined ? undefined : trouble(code) });
const MINUTE = 60_000;

describe('periodMs', () => {
  it.each<readonly [string, Partial<PeriodInputs>, number]>([
    ['is the interval', {}, MINUTE],
    ['is the interval after one failure', { intervalMs: 10_000, failures: 1 }, 10_000],
    ['doubles with the second', { intervalMs: 10_000, failures: 2 }, 20_000],
    ['doubles with the third', { intervalMs: 10_000, failures: 3 }, 40_000],
    ['stays at a minute through the first three', { intervalMs: 30_000, failures: 3 }, MINUTE],
    ['stays at a longer interval through the first three', { intervalMs: 5 * MINUTE, failures: 3 }, 5 * MINUTE],
    ['grows on after them', { intervalMs: 30_000, failures: 4 }, 4 * MINUTE],
    ['ends growing at ten minutes', { failures: 9 }, 10 * MINUTE],
    ['ends growing at ten minutes after very many failures', { failures: 100_000 }, 10 * MINUTE],
    ['is never less than the interval', { intervalMs: 30 * MINUTE, failures: 9 }, 30 * MINUTE],
    ['is so much longer that the budget lasts', { stretch: 7, budgetMs: 60 * MINUTE }, 7 * MINUTE],
    ['is not longer than until the budget is filled up again', { stretch: 7, budgetMs: 5 * MINUTE }, 5 * MINUTE],
    ['is until then where nothing is left', { stretch: Number.POSITIVE_INFINITY, budgetMs: 5 * MINUTE }, 5 * MINUTE],
    ['is not shorter for a budget that is filled up sooner', { stretch: Number.POSITIVE_INFINITY, budgetMs: 1000 }, MINUTE],
    ['grows with both', { failures: 2, stretch: 3, budgetMs: 60 * MINUTE }, 3 * MINUTE],
  ])('%s', (_name, inputs, expected) => {
    expect(periodMs({ intervalMs: MINUTE, failures: 0, stretch: 1, budgetMs: 0, ...inputs })).toBe(expected);
  });
});

describe('nextLook', () => {
  it.each<readonly [string, Partial<LookTiming>, { readonly turn: number; readonly delayMs: number }]>([
    ['is a period after a turn', {}, { turn: MINUTE, delayMs: MINUTE }],
    ['is up to 5 % earlier', { random: 0 }, { turn: MINUTE, delayMs: 57_000 }],
    ['is up to 5 % later', { random: 1 }, { turn: MINUTE, delayMs: 63_000 }],
    ['is at the turn whenever the look was', { now: 2000, lookedAt: 2000 }, { turn: MINUTE, delayMs: 58_000 }],
    ['is not at the turn for which somebody has just looked', { turn: MINUTE, now: 57_000, lookedAt: 57_000 }, { turn: 2 * MINUTE, delayMs: 63_000 }],
    ['is at a turn that is still to come', { turn: 3 * MINUTE + 5000 }, { turn: MINUTE + 5000, delayMs: MINUTE + 5000 }],
    ['is at the next turn where several were missed', { now: 5.5 * MINUTE }, { turn: 6 * MINUTE, delayMs: MINUTE / 2 }],
    ['is at the first turn after the registry wants to be left alone', { holdMs: 2.5 * MINUTE }, { turn: 3 * MINUTE, delayMs: 3 * MINUTE }],
    ['is never while it wants that', { holdMs: 3 * MINUTE, random: 0 }, { turn: 3 * MINUTE, delayMs: 3 * MINUTE }],
    ['is never in the past', { now: MINUTE, lookedAt: 0, random: 0 }, { turn: MINUTE, delayMs: 0 }],
  ])('%s', (_name, timing, expected) => {
    expect(nextLook({ periodMs: MINUTE, turn: 0, lookedAt: 0, now: 0, holdMs: 0, random: 0.5, ...timing })).toEqual(expected);
  });

  it('comes one interval after the other, within a tenth, for a thousand turns', () => {
    let state = 42;
    const random = (): number => {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
      return state / 2 ** 31;
    };
    let [turn, now] = [0, 0];
    for (let look = 1; look <= 1000; look += 1) {
      const next = nextLook({ periodMs: MINUTE, turn, lookedAt: now, now, holdMs: 0, random: random() });
      expect(Math.abs(next.delayMs - MINUTE)).toBeLessThanOrEqual(0.1 * MINUTE + 1);
      [turn, now] = [next.turn, now + next.delayMs];
    }
    expect(turn).toBe(1000 * MINUTE);
  });
});

describe('isNews', () => {
  it.each<readonly [string, View<string>, View<string>, boolean]>([
    ['nothing changed', view('a'), view('a'), false],
    ['something else was seen', view('a'), view('b'), true],
    ['something became known', view(undefined, 'NotFound'), view('a'), true],
    ['trouble began', view('a'), view('a', 'Unavailable'), true],
    ['the same trouble lasts', view('a', 'Unavailable'), view('a', 'Unavailable'), false],
    ['trouble became another', view('a', 'Unavailable'), view('a', 'NotFound'), true],
    ['trouble ended', view('a', 'Unavailable'), view('a'), true],
    ['what was seen only looks different', view('a'), view('A'), false],
  ])('%s', (_name, before, after, expected) => {
    expect(isNews(before, after, (one, other) => one.toLowerCase() === other.toLowerCase())).toBe(expected);
  });
});

describe('retryPauseMs', () => {
  it.each([
    ['is a second or so', 0, 0, 500],
    ['is a second at most', 0, 1, 1_000],
    ['doubles', 1, 0.5, 1_500],
    ['and doubles again', 6, 1, 64_000],
    ['is a number after very many', 100_000, 1, 1000 * 2 ** 30],
  ])('%s', (_name, retries, random, pauseMs) => {
    expect(retryPauseMs(retries, random)).toBe(pauseMs);
  });
});

describe('afterLook', () => {
  const error = trouble('Unavailable');
  const known = { view: view('a'), failures: 2, retries: 1 };

  it('takes what was seen and forgets failures', () => {
    expect(afterLook({ ...known, view: { seen: 'a', trouble: error } }, { kind: 'Seen', seen: 'b' }, false)).toEqual({ view: view('b'), failures: 0, retries: 0 });
  });

  it('keeps what was seen through trouble and counts, turns and tries before them apart', () => {
    expect(afterLook(known, { kind: 'Failed', error }, false)).toEqual({ view: { seen: 'a', trouble: error }, failures: 3, retries: 1 });
    expect(afterLook(known, { kind: 'Failed', error }, true)).toEqual({ view: { seen: 'a', trouble: error }, failures: 2, retries: 2 });
  });

  it('looks as often as ever for a tag that is not there', () => {
    const missing = trouble('NotFound');
    expect(afterLook(known, { kind: 'Failed', error: missing }, false)).toEqual({ view: { seen: 'a', trouble: missing }, failures: 0, retries: 0 });
  });

  it('keeps everything when the look was postponed', () => {
    expect(afterLook(known, { kind: 'Postponed', error }, false)).toEqual(known);
  });

  it('has trouble when the very first look was postponed', () => {
    expect(afterLook(UNKNOWN, { kind: 'Postponed', error }, false)).toEqual({ ...UNKNOWN, view: { seen: undefined, trouble: error } });
  });
});
