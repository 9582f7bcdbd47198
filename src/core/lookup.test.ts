import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Lookup, type LookupQuestion, lookupsNote, printQuestion, QUESTIONS_ALLOWED, questionKey, refusalOf } from './lookup.ts';

const question = (given: Partial<LookupQuestion> = {}): LookupQuestion => ({ apiVersion: 'v1', kind: 'Secret', namespace: 'shop', name: 'db', ...given });

/** So many questions that were asked before. */
const asked = (count: number) => new Map(Array.from({ length: count }, (_, index) => [questionKey(question({ name: `no-${index}` })), true]));

describe('printQuestion', () => {
  it.each([
    [question(), 'Secret shop/db'],
    [question({ kind: 'Node', namespace: '', name: 'a' }), 'Node a'],
    [question({ name: '' }), 'all Secret objects of namespace shop'],
    [question({ kind: 'Node', namespace: '', name: '' }), 'all Node objects'],
  ])('names what is asked', (given, text) => {
    expect(printQuestion(given)).toBe(text);
  });

  it('cuts what is too long for a message', () => {
    expect(printQuestion(question({ name: 'x'.repeat(10_000) }))).toMatch(/^Secret shop\/x{500,512}\.\.\.$/);
  });
});

describe('refusalOf', () => {
  it.each([
    ['the first question', question(), 0],
    ['the last that is allowed', question(), QUESTIONS_ALLOWED - 1],
    ['one more that was asked before', question({ name: 'no-3' }), QUESTIONS_ALLOWED],
    ['a list', question({ name: '' }), 0],
    ['a name with dots and colons', question({ kind: 'ClusterRole', namespace: '', name: 'system:a..b.c' }), 0],
    ['a version with its group', question({ apiVersion: 'example.com/v1' }), 0],
  ])('lets pass %s', (_, given, before) => {
    expect(refusalOf(given, asked(before))).toBeUndefined();
  });

  it.each([
    ['one too many', question(), QUESTIONS_ALLOWED, 'looked up 64 things already'],
    ['a name with a slash', question({ name: 'web/log' }), 0, 'nothing can have this name'],
    ['a name that leads up', question({ name: '..' }), 0, 'nothing can have this name'],
    ['a name that is encoded', question({ name: '%2e%2e' }), 0, 'nothing can have this name'],
    ['a namespace with a slash', question({ namespace: 'shop/secrets' }), 0, 'nothing can have this name'],
    ['half a character', question({ kind: '\ud800' }), 0, 'nothing can have this name'],
    ['a name without end', question({ name: 'x'.repeat(1000) }), 0, 'nothing can have this name'],
  ])('refuses %s, and names it', (_, given, before, why) => {
    expect(refusalOf(given, asked(before))).toContain(why);
    expect(refusalOf(given, asked(before))).toContain('cannot look up ');
  });
});

describe('lookupsNote', () => {
  it('says what was found, and nothing of what it says', () => {
    const lookups: readonly Lookup[] = [
      { question: question(), finding: { kind: 'Object', uid: 'u', resourceVersion: '7' } },
      { question: question({ name: 'absent' }), finding: { kind: 'Nothing' } },
      { question: question({ name: '' }), finding: { kind: 'List', count: 2, resourceVersion: '9' } },
    ];
    expect(JSON.parse(lookupsNote(lookups))).toEqual([
      { ...question(), uid: 'u', resourceVersion: '7' },
      { ...question({ name: 'absent' }), found: false },
      { ...question({ name: '' }), count: 2, resourceVersion: '9' },
    ]);
  });

  it('is bounded, and counts what it leaves out', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 512 }), { maxLength: QUESTIONS_ALLOWED }), (names) => {
        const note = lookupsNote(names.map((name) => ({ question: question({ name }), finding: { kind: 'Nothing' } })));
        const told: readonly { readonly more?: number }[] = JSON.parse(note);
        expect(note.length).toBeLessThan(17 * 1024);
        expect(told.reduce((sum, { more }) => sum + (more ?? 1), 0)).toBe(names.length);
      }),
    );
  });
});
