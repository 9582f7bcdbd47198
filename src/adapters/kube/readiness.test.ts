import { describe, expect, it } from 'vitest';
import { NoReply } from './exchange.ts';
import { answerIn } from './readiness.ts';

const CHECKS = '[+]ping ok\n[-]informer-sync failed: reason withheld\n[-]poststarthook/rbac/bootstrap-roles failed: reason withheld\nreadyz check failed\n';

describe('answerIn', () => {
  it.each<readonly [string, number, string, ReturnType<typeof answerIn>]>([
    ['one that is', 200, 'ok', { kind: 'Ready' }],
    ['one that has no such path', 404, '404 page not found', { kind: 'Ready' }],
    ['one that is not', 500, CHECKS, { kind: 'Unready', message: 'informer-sync, poststarthook/rbac/bootstrap-roles' }],
    ['what stands before it', 503, 'no healthy upstream', { kind: 'Unready', message: 'it answers 503' }],
    ['one that has too much to do', 429, '', { kind: 'Unready', message: 'it answers 429' }],
    ['one that refuses to say', 403, '', { kind: 'Untold', message: 'it answers 403' }],
    ['one that does not know us', 401, '', { kind: 'Unready', message: 'it answers 401' }],
  ])('is told of %s', (_, status, body, readiness) => {
    expect(answerIn({ kind: 'Reply', reply: { status, headers: {}, body: Buffer.from(body) } })).toEqual(readiness);
  });

  it('is told of one that does not answer', () => {
    expect(answerIn({ kind: 'NoReply', error: new NoReply(false, new Error('ECONNREFUSED')) })).toEqual({ kind: 'Unready', message: 'ECONNREFUSED' });
  });
});
