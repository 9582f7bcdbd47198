import { describe, expect, it } from 'vitest';
import { RegistryError, type RegistryErrorCode, type TagView } from '../../ports/registry.ts';
import { afterLook, followersToWake, type LookTiming, nextLookMs } from './tag-schedule.ts';

const trouble = (code: RegistryErrorCode, message = 'cannot'): RegistryError => new RegistryError(code, message);
const view = (digest?: string, code?: RegistryErrorCode): TagView => ({ digest, trouble: code === undefined ? undefined : trouble(code) });

describe('nextLookMs', () => {
  const MINUTE = 60_000;
  it.each<readonly [string, Partial<LookTiming>, number]>([
    ['is the interval', {}, MINUTE],
    ['is up to 10 % less', { random: 0 }, 54_000],
    ['is up to 10 % more', { random: 1 }, 66_000],
    ['counts from the last look', { sinceLookMs: 50_000 }, 10_000],
    ['is at once when overdue', { sinceLookMs: 5 * MINUTE }, 0],
    ['is the interval after one failure', { intervalMs: 10_000, failures: 1 }, 10_000],
    ['doubles with the second', { intervalMs: 10_000, failures: 2 }, 20_000],
    ['doubles with the third', { intervalMs: 10_000, failures: 3 }, 40_000],
    ['stays at a minute through the first three', { intervalMs: 30_000, failures: 3 }, MINUTE],
    ['stays at a longer interval through the first three', { intervalMs: 5 * MINUTE, failures: 3 }, 5 * MINUTE],
    ['grows on after them', { intervalMs: 30_000, failures: 4 }, 4 * MINUTE],
    ['ends growing at ten minutes', { failures: 9 }, 10 * MINUTE],
    ['ends growing at ten minutes after very many failures', { failures: 100_000 }, 10 * MINUTE],
    ['is never less than the interval', { intervalMs: 30 * MINUTE, failures: 9 }, 30 * MINUTE],
    ['waits for the registry, and a little longer', { holdMs: 2 * MINUTE }, 126_000],
    ['is not brought forward by the registry', { holdMs: 1000 }, MINUTE],
    ['waits for the registry however long ago the last look was', { holdMs: 2 * MINUTE, sinceLookMs: 10 * MINUTE }, 126_000],
  ])('%s', (_name, timing, expected) => {
    expect(nextLookMs({ intervalMs: MINUTE, failures: 0, sinceLookMs: 0, holdMs: 0, random: 0.5, ...timing })).toBe(expected);
  });
});

describe('followersToWake', () => {
  it.each<readonly [string, TagView, TagView, readonly string[]]>([
    ['nobody when nothing changed', view('a'), view('a'), []],
    ['all when the digest changed', view('a'), view('b'), ['x', 'y']],
    ['all when the digest became known', view(undefined, 'NotFound'), view('a'), ['x', 'y']],
    ['all when trouble began', view('a'), view('a', 'Unavailable'), ['x', 'y']],
    ['nobody while the same trouble lasts', view('a', 'Unavailable'), view('a', 'Unavailable'), []],
    ['all when trouble became another', view('a', 'Unavailable'), view('a', 'NotFound'), ['x', 'y']],
    ['all when trouble ended', view('a', 'Unavailable'), view('a'), ['x', 'y']],
  ])('wakes %s', (_name, before, after, woken) => {
    expect(followersToWake(before, after, ['x', 'y', 'z'], new Set(['z']))).toEqual(woken);
  });
});

describe('afterLook', () => {
  const error = trouble('Unavailable');
  const known = { view: view('a'), failures: 2 };
  const unknown = { view: view(), failures: 0 };

  it('takes the digest and forgets failures', () => {
    expect(afterLook({ view: { digest: 'a', trouble: error }, failures: 3 }, { kind: 'Seen', digest: 'b' })).toEqual({ view: view('b'), failures: 0 });
  });

  it('keeps the digest through trouble and counts', () => {
    expect(afterLook(known, { kind: 'Failed', error })).toEqual({ view: { digest: 'a', trouble: error }, failures: 3 });
  });

  it('looks as often as ever for a tag that is not there', () => {
    const missing = trouble('NotFound');
    expect(afterLook(known, { kind: 'Failed', error: missing })).toEqual({ view: { digest: 'a', trouble: missing }, failures: 0 });
  });

  it('keeps everything when the look was postponed', () => {
    expect(afterLook(known, { kind: 'Postponed', error })).toEqual(known);
  });

  it('has trouble when the very first look was postponed', () => {
    expect(afterLook(unknown, { kind: 'Postponed', error })).toEqual({ view: { digest: undefined, trouble: error }, failures: 0 });
  });
});
