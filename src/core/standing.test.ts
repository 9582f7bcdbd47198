import { describe, expect, it } from 'vitest';
import { refKey } from './object-ref.ts';
import { isAsApplied, type Present, type Standing, standingObjects } from './standing.ts';

const REF = { apiVersion: 'v1', kind: 'Service', namespace: 'apps', name: 'web' };
const ANSWER = { ref: REF, uid: 'u1', resourceVersion: '7', ownFields: 'f1', change: 'Configured' as const };
const PRESENT: Present = { uid: 'u1', ownFields: 'f1', isTerminating: false };

const standing = (over: Partial<Standing>): Standing => ({
  address: { namespace: 'apps', releaseName: 'web' },
  record: { secret: 's', revision: 1, status: 'deployed', resourceVersion: '1', createdAt: 0, modifiedAt: 0, endedAt: undefined, notes: undefined },
  firstDeployed: '2026-01-01T00:00:00Z',
  hookEvents: [],
  objects: [{ ref: REF, source: 'web/templates/service.yaml', isKept: false, digest: 'd1' }],
  applied: [ANSWER],
  ...over,
});

describe('isAsApplied', () => {
  it.each<readonly [string, Present | undefined, boolean]>([
    ['the same object, all fields still ours', PRESENT, true],
    ['an object that is gone', undefined, false],
    ['an object that was deleted and made anew', { ...PRESENT, uid: 'u2' }, false],
    ['an object of which somebody took a field', { ...PRESENT, ownFields: 'f2' }, false],
    ['an object of which we own nothing any more', { ...PRESENT, ownFields: '' }, false],
    ['an object that is being deleted', { ...PRESENT, isTerminating: true }, false],
  ])('%s', (_name, present, expected) => {
    expect(isAsApplied({ digest: 'd1', answer: ANSWER }, present)).toBe(expected);
  });

  it('never trusts an answer that told no fields of ours', () => {
    expect(isAsApplied({ digest: 'd1', answer: { ...ANSWER, ownFields: '' } }, { ...PRESENT, ownFields: '' })).toBe(false);
  });
});

describe('standingObjects', () => {
  it('knows nothing where nothing stands', () => {
    expect(standingObjects(undefined).size).toBe(0);
  });

  it('joins what was sent with its answer', () => {
    expect(standingObjects(standing({})).get(refKey(REF))).toEqual({ digest: 'd1', answer: ANSWER });
  });

  it('leaves out what was not answered', () => {
    expect(standingObjects(standing({ applied: [] })).size).toBe(0);
  });
});
