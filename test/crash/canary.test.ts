import { describe, expect, it } from 'vitest';
import { leaksIn, newCanary } from './canary.ts';

const CANARY = 'canary0123456789abcdef';
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const writings: readonly (readonly [string, string])[] = [
  ['plain', `{"msg":"value ${CANARY}"}`],
  ['base64', base64(CANARY)],
  ['base64', base64(`{"a":"${CANARY}","b":1}`)],
  ['base64', base64(`{"ab":"${CANARY}","b":1}`)],
  ['base64', base64(`{"abc":"${CANARY}","b":1}`)],
  ['base64 of base64', base64(`x: ${base64(`{"ab":"${CANARY}","b":1}`)}`)],
  ['hex', Buffer.from(CANARY).toString('hex')],
  ['percent-encoded', [...Buffer.from(CANARY)].map((byte) => `%${byte.toString(16)}`).join('')],
];

describe('I12: a secret', () => {
  it.each(writings)('is found %s: %s', (writing, text) => {
    expect(leaksIn(new Map([['a log', `before ${text} after`]]), CANARY)).toContainEqual({ sink: 'a log', writing });
  });

  it('is not found where it is not', () => {
    expect(leaksIn(new Map([['a log', `${newCanary()} ${base64(newCanary())} ${CANARY.slice(0, -1)}`]]), CANARY)).toEqual([]);
  });
});
