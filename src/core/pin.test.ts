import { describe, expect, it } from 'vitest';
import { pinOf } from './pin.ts';

describe('pinOf', () => {
  it.each([
    [undefined, { kind: 'None' }],
    ['', { kind: 'None' }],
    [' ', { kind: 'None' }],
    ['12', { kind: 'Pinned', revision: 12 }],
    ['0', { kind: 'Invalid' }],
    ['-1', { kind: 'Invalid' }],
    ['1.5', { kind: 'Invalid' }],
    ['last', { kind: 'Invalid' }],
    ['99999999999', { kind: 'Invalid' }],
  ] as const)('reads %j', (text, pin) => {
    expect(pinOf(text === undefined ? {} : { 'tagalong.dev/pin': text })).toMatchObject(pin);
  });

  it('says what is wrong', () => {
    expect(pinOf({ 'tagalong.dev/pin': 'v2' })).toEqual({
      kind: 'Invalid',
      message: 'the annotation tagalong.dev/pin is "v2", which is no number of a revision; write one that status.history has, or take it away',
    });
  });
});
