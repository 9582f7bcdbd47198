import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readToken } from './token-answer.ts';

const DATE = 'Thu, 01 Jan 1970 01:00:00 GMT';
const read = (fields: object, date?: string) => readToken(JSON.stringify({ token: 't', ...fields }), date);
const lifeS = (seconds: number) => ({ kind: 'Token', token: { token: 't', lifeMs: seconds * 1000 } });

describe('readToken', () => {
  it.each<[string, object, number]>([
    ['no life at all: a minute', {}, 60],
    ['a life', { expires_in: 300 }, 300],
    ['a short life', { expires_in: 2 }, 2],
    ['zero: this once', { expires_in: 0 }, 0],
    ['less than zero', { expires_in: -5 }, 0],
    ['a huge life: an hour', { expires_in: 1e300 }, 3600],
    ['a life that is no number', { expires_in: '300' }, 60],
    ['a life that is null', { expires_in: null }, 60],
    ['a token issued now', { expires_in: 300, issued_at: '1970-01-01T01:00:00Z' }, 300],
    ["a token issued before, by the server's own clock", { expires_in: 300, issued_at: '1970-01-01T00:59:00.000Z' }, 240],
    ['a token that is older than its life', { expires_in: 300, issued_at: '1970-01-01T00:10:00Z' }, 0],
    ['a token from the future', { expires_in: 300, issued_at: '1970-01-01T02:00:00Z' }, 300],
    ['a token from another clock', { expires_in: 300, issued_at: '1969-01-01T00:00:00Z' }, 300],
    ['a time that is none', { expires_in: 300, issued_at: 'yesterday' }, 300],
  ])('reads %s', (_name, fields, seconds) => {
    expect(read(fields, DATE)).toEqual(lifeS(seconds));
  });

  it('does not look at when a token was issued without the time it is now at the server', () => {
    expect(read({ expires_in: 300, issued_at: '1970-01-01T00:59:00Z' })).toEqual(lifeS(300));
  });

  it.each<[string, string, string]>([
    ['token', '{"token":"t"}', 't'],
    ['access_token', '{"access_token":"t"}', 't'],
    ['token before access_token', '{"token":"t","access_token":"u"}', 't'],
    ['access_token where token is empty', '{"token":"","access_token":"u"}', 'u'],
  ])('takes %s', (_name, body, token) => {
    expect(readToken(body, undefined)).toMatchObject({ kind: 'Token', token: { token } });
  });

  it.each<[string, string, string]>([
    ['nothing', '', 'something that is not a JSON object'],
    ['a page', '<html>', 'something that is not a JSON object'],
    ['a list', '[]', 'something that is not a JSON object'],
    ['null', 'null', 'something that is not a JSON object'],
    ['an object without a token', '{"a":1}', 'no token'],
    ['a token that is no text', '{"token":1}', 'no token'],
    ['empty tokens', '{"token":"","access_token":""}', 'no token'],
    ['a token with a line break', '{"token":"a\\r\\nx-evil: 1"}', 'a token that cannot be sent in a header'],
    ['a token with a space', '{"token":"a b"}', 'a token that cannot be sent in a header'],
    ['a token outside ASCII', '{"token":"ü"}', 'a token that cannot be sent in a header'],
    ['a very long token', JSON.stringify({ token: 'x'.repeat(20_000) }), 'a token that cannot be sent in a header'],
  ])('refuses %s', (_name, body, why) => {
    expect(readToken(body, undefined)).toEqual({ kind: 'Invalid', why });
  });

  it('answers whatever comes with a token that has a life, or with why not', () => {
    const fields = fc.record(
      { token: fc.jsonValue(), access_token: fc.jsonValue(), expires_in: fc.oneof(fc.double(), fc.jsonValue()), issued_at: fc.jsonValue() },
      { requiredKeys: [] },
    );
    const body = fc.oneof(
      fc.string(),
      fc.json(),
      fields.map((all) => JSON.stringify(all)),
    );
    const answers = fc.property(body, fc.option(fc.string(), { nil: undefined }), (text, date) => {
      const reading = readToken(text, date);
      if (reading.kind === 'Token') expect(reading.token.lifeMs >= 0 && reading.token.lifeMs <= 3_600_000).toBe(true);
      else expect(reading.why).toMatch(/^[a-zA-Z ]+$/);
    });
    fc.assert(answers, { numRuns: Number(process.env['FUZZ_RUNS'] ?? 500) });
  }, 600_000);
});
