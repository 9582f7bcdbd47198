import { describe, expect, it } from 'vitest';
import type { Drift } from '../../core/drift.ts';
import type { Sight } from '../../ports/imprints.ts';
import { type Expected, isBroughtBack, isOvertaken, isSeenAsExpected, unexamined } from './expectations.ts';

const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'apps', name: 'web' };
const drift: Drift = { ref, kind: 'Changed', by: '', fields: [{ path: '/data/a', by: 'rival' }] };
const applied: Expected = { ref, imprint: 'ours', resourceVersion: '30' };
const examined: Expected = { ...applied, resourceVersion: '10', examined: { imprint: 'theirs', resourceVersion: '20', drift } };
const gone: Expected = { ...applied, resourceVersion: '10', examined: { imprint: undefined, resourceVersion: '', drift } };
const unlabelled: Expected = { ...applied, resourceVersion: '10', examined: { imprint: 'none', resourceVersion: '20', drift } };
const fromNotes: Expected = { ref, imprint: 'ours', resourceVersion: '' };
const seen = (imprint: string, resourceVersion: string): Sight => ({ kind: 'Seen', uid: 'u', resourceVersion, imprint, isShared: false, isTerminating: false, isFollowed: true });
const absent = (resourceVersion: string): Sight => ({ kind: 'Absent', resourceVersion });
const unknown: Sight = { kind: 'Unknown' };

describe('an object that was applied or examined', () => {
  it.each<[string, Expected, Sight, { readonly asExpected: boolean; readonly overtaken: boolean }]>([
    ['applied, and seen so', applied, seen('ours', '30'), { asExpected: true, overtaken: false }],
    ['applied, the watch behind', applied, seen('theirs', '20'), { asExpected: true, overtaken: false }],
    ['applied, and taken back since, as it was before', applied, seen('theirs', '40'), { asExpected: false, overtaken: true }],
    ['applied, and deleted since', applied, absent('40'), { asExpected: false, overtaken: true }],
    ['applied, the watch behind its creation', applied, absent('20'), { asExpected: true, overtaken: false }],
    ['applied, and not watched', applied, unknown, { asExpected: false, overtaken: false }],
    ['examined, and seen so', examined, seen('theirs', '20'), { asExpected: false, overtaken: false }],
    ['examined, and touched since elsewhere', examined, seen('theirs', '25'), { asExpected: false, overtaken: false }],
    ['examined, and another since', examined, seen('others', '25'), { asExpected: false, overtaken: true }],
    ['examined, and brought back since', examined, seen('ours', '25'), { asExpected: true, overtaken: true }],
    ['examined, the watch behind', examined, seen('ours', '15'), { asExpected: true, overtaken: false }],
    ['found without our label, which no watch sees', unlabelled, absent('90'), { asExpected: false, overtaken: false }],
    ['found gone, and seen so', gone, absent('90'), { asExpected: false, overtaken: false }],
    ['of an older process, and another', fromNotes, seen('theirs', '40'), { asExpected: false, overtaken: false }],
  ])('%s', (_, expected, sight, { asExpected, overtaken }) => {
    expect({ asExpected: isSeenAsExpected(expected, sight), overtaken: isOvertaken(expected, sight) }).toEqual({ asExpected, overtaken });
  });
});

describe('what an object was found to be', () => {
  it.each<[string, Expected, Sight, boolean]>([
    ['as it was found', examined, seen('theirs', '20'), false],
    ['as it was applied, and newer', examined, seen('ours', '25'), true],
    ['as it was applied, the watch behind', examined, seen('ours', '15'), false],
    ['changed again', examined, seen('others', '25'), false],
    ['never examined', applied, seen('ours', '30'), false],
  ])('%s: whether it can be forgotten', (_, expected, sight, isBack) => {
    expect(isBroughtBack(expected, sight)).toBe(isBack);
  });

  it('leaves nothing to be overtaken once it is forgotten', () => {
    expect(isOvertaken(unexamined(examined), seen('ours', '25'))).toBe(false);
  });
});
