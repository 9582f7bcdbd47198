import { describe, expect, it } from 'vitest';
import { refKey } from './object-ref.ts';
import { isAsApplied, isSeenAsApplied, type Present, type SeenObject, type Standing, standingObjects } from './standing.ts';

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

describe('isSeenAsApplied', () => {
  const APPLIED = { ...ANSWER, resourceVersion: '99', ownFields: 'abcdefghijklmnop' };
  const SEEN: SeenObject = { uid: 'u1', resourceVersion: '99', imprint: 'abcdefghijkl', isShared: false, isTerminating: false, isFollowed: true };

  it.each<readonly [string, SeenObject, boolean]>([
    ['what our apply has left', SEEN, true],
    ['what others have written beside us since', { ...SEEN, resourceVersion: '100' }, true],
    ['a watch that has not come to our apply', { ...SEEN, resourceVersion: '98' }, false],
    ['an object of which somebody took a field', { ...SEEN, resourceVersion: '100', imprint: 'another' }, false],
    ['an object of which we own nothing any more', { ...SEEN, resourceVersion: '100', imprint: '' }, false],
    ['an object that was deleted and made anew', { ...SEEN, resourceVersion: '100', uid: 'u2' }, false],
    ['an object that is being deleted', { ...SEEN, resourceVersion: '100', isTerminating: true }, false],
    ['an object whose fields an autoscaler or a helm may have', { ...SEEN, isShared: true }, false],
    ['a watch that has broken off', { ...SEEN, isFollowed: false }, false],
  ])('%s', (_name, seen, expected) => {
    expect(isSeenAsApplied({ digest: 'd1', answer: APPLIED }, seen)).toBe(expected);
  });

  it('never trusts an answer that told no fields of ours', () => {
    expect(isSeenAsApplied({ digest: 'd1', answer: { ...APPLIED, ownFields: '' } }, { ...SEEN, imprint: '' })).toBe(false);
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
